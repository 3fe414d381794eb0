// The routes of the API, for people, from its own description.

const described = await (await fetch("/openapi.json")).json();

/** A schema with the names of others filled in, a few levels deep. */
function whole(schema, depth = 0) {
  if (!schema || typeof schema !== "object") return schema;
  if (Array.isArray(schema)) return schema.map((one) => whole(one, depth));
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1);
    return depth > 2 ? name : { [name]: whole(described.components.schemas[name].properties ?? described.components.schemas[name], depth + 1) };
  }
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "title").map(([key, value]) => [key, whole(value, depth)]));
}

function element(tag, text = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

for (const [path, methods] of Object.entries(described.paths)) {
  for (const [method, route] of Object.entries(methods)) {
    const details = element("details");
    details.className = "route";
    const summary = element("summary");
    summary.append(element("b", method.toUpperCase()), element("code", path));
    details.append(summary, element("p", route.description ?? route.summary ?? ""));
    const body = route.requestBody && Object.values(route.requestBody.content)[0].schema;
    if (body) details.append(element("h3", "Body"), element("pre", JSON.stringify(whole(body), null, 1)));
    for (const [status, answer] of Object.entries(route.responses)) {
      const schema = Object.values(answer.content ?? {})[0]?.schema;
      details.append(element("h3", `${status}: ${answer.description}`));
      if (schema && Number(status) < 300) details.append(element("pre", JSON.stringify(whole(schema), null, 1)));
    }
    document.querySelector("#routes").append(details);
  }
}
