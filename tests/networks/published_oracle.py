"""The published VisAH network written a second time, slowly and straight from its weights' names: the oracle of the reader.

Nothing is shared with `limelight.networks`: torch's own STFT, attention and LSTM, no modules, no classes. Depth 6, stride 4,
clips that are short enough for one LSTM. `random_weights` draws a table of weights in the published form.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

N_FFT, HOP = 4096, 1024
Weights = dict[str, Tensor]


def run(w: Weights, mixture: Tensor, context: Tensor, *, heads: int, over: str) -> Tensor:
    """Mixture [B, N] and context [B, M, D] to the output [B, N]; the context encoder attends `over` time or batch."""
    spectrum = spectrogram(mixture)
    mean, std = mixture.mean(1)[:, None, None], mixture.std(1)[:, None, None]
    x, wave = spectrum.abs()[:, None], (mixture[:, None] - mean) / (std + 1e-5)
    saved, saved_wave, wave_lengths = [], [], []
    for level in range(5):
        wave_lengths.append(wave.shape[-1])
        wave = F.pad(wave, (0, -wave.shape[-1] % 4))
        wave = F.conv1d(wave, w[f"tencoder.{level}.conv.weight"], w[f"tencoder.{level}.conv.bias"], stride=4, padding=2)
        if level < 4:
            wave = rest_of_encoder(w, f"tencoder.{level}", wave)
            saved_wave.append(wave)
        padding = (2, 0) if level < 4 else (0, 0)
        conv = w[f"encoder.{level}.conv.weight"], w[f"encoder.{level}.conv.bias"]
        x = F.conv2d(x, *conv, stride=(4, 1), padding=padding)
        x = rest_of_encoder(w, f"encoder.{level}", x if level < 4 else x + wave[:, :, None])
        if level == 0:
            x = x + 0.2 * 10 * w["freq_emb.embedding.weight"].T[None, :, :, None]
        saved.append(x)
    x = F.pad(x[:, :, 0], (0, x.shape[-1] % 2))
    x = F.conv1d(x, w["encoder.5.conv.weight"], w["encoder.5.conv.bias"], stride=2, padding=1)
    embedding = rest_of_encoder(w, "encoder.5", x)
    x = highlighted(w, embedding, context, heads=heads, over=over) + embedding
    x = decoded(w, "decoder.0", before_up(w, "decoder.0", x), cut=(1, spectrum.shape[-1]), stride=2)
    x = before_up(w, "decoder.1", x[:, :, None] + saved[4])
    wave = decoded(w, "tdecoder.0", x[:, :, 0], cut=(2, wave_lengths[4]), stride=4)
    x = decoded(w, "decoder.1", x, stride=4)
    for level in (3, 2, 1, 0):
        name = f"tdecoder.{4 - level}"
        wave = before_up(w, name, wave + saved_wave[level])
        wave = decoded(w, name, wave, cut=(2, wave_lengths[level]), stride=4, last=level == 0)
        x = before_up(w, f"decoder.{5 - level}", x + saved[level])
        x = decoded(w, f"decoder.{5 - level}", x, stride=4, last=level == 0)[:, :, 2:-2]
        x = F.gelu(x) if level else x
    masked = sound_of(spectrum.abs() * x[:, 0] * torch.exp(1j * spectrum.angle()), mixture.shape[1])
    return masked + (wave * std + mean)[:, 0]


def spectrogram(mixture: Tensor) -> Tensor:
    """[B, F, T] without Nyquist's bin, T = ⌈N / hop⌉."""
    frames = math.ceil(mixture.shape[1] / HOP)
    edge = HOP // 2 * 3
    padded = F.pad(mixture[:, None], (edge, edge + frames * HOP - mixture.shape[1]), mode="reflect")[:, 0]
    z = torch.stft(padded, N_FFT, HOP, window=torch.hann_window(N_FFT), return_complex=True, pad_mode="reflect")
    return z[:, :-1, 2 : 2 + frames]


def sound_of(z: Tensor, samples: int) -> Tensor:
    z = F.pad(F.pad(z, (0, 0, 0, 1)), (2, 2))
    edge = HOP // 2 * 3
    length = HOP * math.ceil(samples / HOP) + 2 * edge
    return torch.istft(z, N_FFT, HOP, window=torch.hann_window(N_FFT), length=length)[:, edge : edge + samples]


def norm(w: Weights, name: str, x: Tensor, groups: int = 4) -> Tensor:
    return F.group_norm(x, groups, w[f"{name}.weight"], w[f"{name}.bias"]) if f"{name}.weight" in w else x


def conv(w: Weights, name: str, x: Tensor, **how: int) -> Tensor:
    convolve = F.conv2d if x.ndim == 4 else F.conv1d
    return convolve(x, w[f"{name}.weight"], w[f"{name}.bias"], **how)


def rest_of_encoder(w: Weights, name: str, x: Tensor) -> Tensor:
    x = F.gelu(norm(w, f"{name}.norm1", x))
    if x.ndim == 4:
        rows = [residual(w, f"{name}.dconv.layers", x[:, :, f]) for f in range(x.shape[2])]
        x = torch.stack(rows, dim=2)
    else:
        x = residual(w, f"{name}.dconv.layers", x)
    return F.glu(norm(w, f"{name}.norm2", conv(w, f"{name}.rewrite", x)), dim=1)


def residual(w: Weights, name: str, x: Tensor) -> Tensor:
    for n in (0, 1):
        layer = f"{name}.{n}"
        deep = f"{layer}.3.lstm.weight_ih_l0" in w
        y = conv(w, f"{layer}.0", x, dilation=2**n, padding=2**n)
        y = F.gelu(norm(w, f"{layer}.1", y, 1))
        if deep:
            y = faded_attention(w, f"{layer}.4", lstm(w, f"{layer}.3", y))
        after = 5 if deep else 3
        y = F.glu(norm(w, f"{layer}.{after + 1}", conv(w, f"{layer}.{after}", y), 1), dim=1)
        x = x + w[f"{layer}.{after + 3}.scale"][:, None] * y
    return x


def lstm(w: Weights, name: str, x: Tensor) -> Tensor:
    parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ends = ("l0", "l0_reverse", "l1", "l1_reverse")
    flat = [w[f"{name}.lstm.{part}_{end}"] for end in ends for part in parts]
    zeros = x.new_zeros(4, x.shape[0], x.shape[1])
    y = torch.lstm(x.permute(2, 0, 1), (zeros, zeros), flat, True, 2, 0.0, False, True, False)[0]
    return x + F.linear(y, w[f"{name}.linear.weight"], w[f"{name}.linear.bias"]).permute(1, 2, 0)


def faded_attention(w: Weights, name: str, x: Tensor, heads: int = 4) -> Tensor:
    B, C, T = x.shape
    query, key, content = (conv(w, f"{name}.{part}", x).view(B, heads, -1, T) for part in ("query", "key", "content"))
    decay = conv(w, f"{name}.query_decay", x).view(B, heads, -1, T).sigmoid() / 2
    scores = torch.empty(B, heads, T, T)  # over keys first
    for t in range(T):
        for s in range(T):
            fading = sum((j + 1) * abs(t - s) / math.sqrt(4) * decay[:, :, j, t] for j in range(4))
            scores[:, :, s, t] = (key[..., s] * query[..., t]).sum(2) / math.sqrt(C // heads) - fading
    scores[:, :, range(T), range(T)] = -100
    heard = torch.einsum("bhst,bhcs->bhct", scores.softmax(2), content)
    return x + conv(w, f"{name}.proj", heard.reshape(B, C, T))


def before_up(w: Weights, name: str, x: Tensor) -> Tensor:
    return F.glu(norm(w, f"{name}.norm1", conv(w, f"{name}.rewrite", x, padding=1)), dim=1)


def decoded(w: Weights, name: str, x: Tensor, *, stride: int, cut: tuple[int, int] | None = None, last: bool = False):
    """Up one level; `cut`: where what is kept begins, and how long it is. A cut over frequency is the caller's."""
    up, size = (F.conv_transpose2d, (stride, 1)) if x.ndim == 4 else (F.conv_transpose1d, stride)
    x = up(x, w[f"{name}.conv_tr.weight"], w[f"{name}.conv_tr.bias"], stride=size)
    x = norm(w, f"{name}.norm2", x)
    if cut is not None:
        x = x[..., cut[0] : cut[0] + cut[1]]
        return x if last else F.gelu(x)
    return F.gelu(x) if name == "decoder.1" else x


def highlighted(w: Weights, embedding: Tensor, context: Tensor, *, heads: int, over: str) -> Tensor:
    name = "latent_transformer"
    memory = F.linear(context, w[f"{name}.context_proj.weight"], w[f"{name}.context_proj.bias"])
    for layer in range(sum(f"encoder.layers.{n}.norm1.weight" in " ".join(w) for n in range(9))):
        memory = context_layer(w, f"{name}.context_transformer_encoder.layers.{layer}", memory, heads, over)
    x = F.group_norm(embedding, 32, w[f"{name}.norm.weight"], w[f"{name}.norm.bias"], eps=1e-6)
    x = conv(w, f"{name}.proj_in", x).transpose(1, 2)
    for n in range(sum(f"transformer_blocks.{n}.norm1.weight" in " ".join(w) for n in range(9))):
        block = f"{name}.transformer_blocks.{n}"
        y = layer_norm(w, f"{block}.norm1", x)
        x = x + attended(w, f"{block}.attn1", y, y, heads)
        x = x + attended(w, f"{block}.attn2", layer_norm(w, f"{block}.norm2", x), memory, heads)
        y = linear(w, f"{block}.ff.net.0.proj", layer_norm(w, f"{block}.norm3", x))
        value, gate = y[..., : y.shape[-1] // 2], y[..., y.shape[-1] // 2 :]
        x = x + linear(w, f"{block}.ff.net.2", value * F.gelu(gate))
    return embedding + conv(w, f"{name}.proj_out", x.transpose(1, 2))


def context_layer(w: Weights, name: str, x: Tensor, heads: int, over: str) -> Tensor:
    width = x.shape[-1]
    code = torch.zeros(x.shape[1], width)
    for step in range(x.shape[1]):
        for pair in range(width // 2):
            angle = step / 10_000 ** (2 * pair / width)
            code[step, 2 * pair], code[step, 2 * pair + 1] = math.sin(angle), math.cos(angle)
    y = layer_norm(w, f"{name}.norm1", x)
    places, y = (y + code, y) if over == "batch" else ((y + code).transpose(0, 1), y.transpose(0, 1))
    heard, _ = F.multi_head_attention_forward(
        places, places, y, width, heads, w[f"{name}.self_attn.in_proj_weight"], w[f"{name}.self_attn.in_proj_bias"],
        None, None, False, 0.0, w[f"{name}.self_attn.out_proj.weight"], w[f"{name}.self_attn.out_proj.bias"],
    )  # fmt: skip
    x = x + (heard if over == "batch" else heard.transpose(0, 1))
    inner = F.gelu(linear(w, f"{name}.linear1", layer_norm(w, f"{name}.norm2", x)))
    return x + linear(w, f"{name}.linear2", inner)


def attended(w: Weights, name: str, x: Tensor, memory: Tensor, heads: int) -> Tensor:
    q, k, v = (F.linear(a, w[f"{name}.to_{n}.weight"]) for n, a in (("q", x), ("k", memory), ("v", memory)))
    each = q.shape[-1] // heads
    outs = []
    for h in range(heads):
        part = slice(h * each, (h + 1) * each)
        weights = (q[..., part] @ k[..., part].transpose(1, 2) / math.sqrt(each)).softmax(-1)
        outs.append(weights @ v[..., part])
    return linear(w, f"{name}.to_out.0", torch.cat(outs, dim=-1))


def linear(w: Weights, name: str, x: Tensor) -> Tensor:
    return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])


def layer_norm(w: Weights, name: str, x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"])


def random_weights(seed: int, *, channels: int, width: int, context: int, layers: int = 1, blocks: int = 2) -> Weights:
    """Every weight of a small network in the published form, drawn so that every path is heard."""
    shapes = dict(_shapes(channels, width, context, layers, blocks))
    generator = torch.Generator().manual_seed(seed)
    table = {}
    for name, shape in shapes.items():
        drawn = torch.randn(shape, generator=generator)
        fan_in = max(1, math.prod(shape[1:]))
        is_scale = name.endswith("scale") or (len(shape) == 1 and ".norm" in name and name.endswith("weight"))
        table[name] = 1 + 0.2 * drawn if is_scale else drawn * (0.1 if len(shape) == 1 else fan_in**-0.5)
    table["latent_transformer.pe.pe"] = torch.zeros(1, 5000, 32 * channels)
    table["latent_transformer.pe_context.pe"] = torch.zeros(1, 5000, width)
    return table


def _shapes(channels: int, width: int, context: int, layers: int, blocks: int):
    widths = [1, *(channels * 2**n for n in range(6))]
    for side in ("encoder", "tencoder"):
        for level in range(6 if side == "encoder" else 5):
            outer, inner, flat = widths[level], widths[level + 1], side == "tencoder" or level == 5
            name, one = f"{side}.{level}", () if flat else (1,)
            yield from _pair(f"{name}.conv", (inner, outer, 4 if level == 5 else 8, *one))
            if side == "tencoder" and level == 4:
                continue
            yield from _pair(f"{name}.rewrite", (2 * inner, inner, 1, *one))
            if level >= 4:
                yield from _pair(f"{name}.norm1", (inner,))
                yield from _pair(f"{name}.norm2", (2 * inner,))
            for n in (0, 1):
                yield from _residual_shapes(f"{name}.dconv.layers.{n}", inner, deep=level >= 4)
    for level in range(6):
        outer, inner = widths[level], widths[level + 1]
        name, one = f"decoder.{5 - level}", () if level == 5 else (1,)
        yield from _pair(f"{name}.conv_tr", (inner, outer, 4 if level == 5 else 8, *one), outer)
        yield from _pair(f"{name}.rewrite", (2 * inner, inner, 3, *(3 for _ in one)))
        if level >= 4:
            yield from _pair(f"{name}.norm1", (2 * inner,))
            yield from _pair(f"{name}.norm2", (outer,))
    for level in range(5):
        outer, inner, name = widths[level], widths[level + 1], f"tdecoder.{4 - level}"
        yield from _pair(f"{name}.conv_tr", (inner, outer, 8), outer)
        yield from _pair(f"{name}.rewrite", (2 * inner, inner, 3)) if level < 4 else _pair(f"{name}.norm2", (outer,))
    yield "freq_emb.embedding.weight", (512, channels)
    yield from _transformer_shapes("latent_transformer", widths[-1], width, context, layers, blocks)


def _residual_shapes(name: str, channels: int, *, deep: bool):
    hidden, after = channels // 4, 5 if deep else 3
    yield from _pair(f"{name}.0", (hidden, channels, 3))
    yield from _pair(f"{name}.1", (hidden,))
    if deep:
        for end in ("l0", "l0_reverse", "l1", "l1_reverse"):
            given = hidden if end.startswith("l0") else 2 * hidden
            yield f"{name}.3.lstm.weight_ih_{end}", (4 * hidden, given)
            yield f"{name}.3.lstm.weight_hh_{end}", (4 * hidden, hidden)
            yield f"{name}.3.lstm.bias_ih_{end}", (4 * hidden,)
            yield f"{name}.3.lstm.bias_hh_{end}", (4 * hidden,)
        yield from _pair(f"{name}.3.linear", (hidden, 2 * hidden))
        for part, size in (
            ("content", hidden),
            ("query", hidden),
            ("key", hidden),
            ("query_decay", 16),
            ("proj", hidden),
        ):
            yield from _pair(f"{name}.4.{part}", (size, hidden, 1))
    yield from _pair(f"{name}.{after}", (2 * channels, hidden, 1))
    yield from _pair(f"{name}.{after + 1}", (2 * channels,))
    yield f"{name}.{after + 3}.scale", (channels,)


def _transformer_shapes(name: str, embedding: int, width: int, context: int, layers: int, blocks: int):
    yield from _pair(f"{name}.norm", (embedding,))
    yield from _pair(f"{name}.proj_in", (width, embedding, 1))
    yield from _pair(f"{name}.proj_out", (embedding, width, 1))
    yield from _pair(f"{name}.context_proj", (width, context))
    for n in range(layers):
        layer = f"{name}.context_transformer_encoder.layers.{n}"
        yield f"{layer}.self_attn.in_proj_weight", (3 * width, width)
        yield f"{layer}.self_attn.in_proj_bias", (3 * width,)
        yield from _pair(f"{layer}.self_attn.out_proj", (width, width))
        yield from _pair(f"{layer}.linear1", (2 * width, width))
        yield from _pair(f"{layer}.linear2", (width, 2 * width))
        yield from _pair(f"{layer}.norm1", (width,))
        yield from _pair(f"{layer}.norm2", (width,))
    for n in range(blocks):
        block = f"{name}.transformer_blocks.{n}"
        for attention in ("attn1", "attn2"):
            for part in ("to_q", "to_k", "to_v"):
                yield f"{block}.{attention}.{part}.weight", (width, width)
            yield from _pair(f"{block}.{attention}.to_out.0", (width, width))
        yield from _pair(f"{block}.ff.net.0.proj", (8 * width, width))
        yield from _pair(f"{block}.ff.net.2", (width, 4 * width))
        for norm_number in (1, 2, 3):
            yield from _pair(f"{block}.norm{norm_number}", (width,))


def _pair(name: str, weight: tuple[int, ...], bias: int | None = None):
    yield f"{name}.weight", weight
    yield f"{name}.bias", (bias or weight[0],)
