"""Effects made by rule: things struck, weather and crowds, machines, animals. Every one is drawn, none recorded."""
