// Compiles every JSONata expression of a state machine: `jsonata.cjs MACHINE`. asl-validator does not: it accepts any text between
// {% and %}.
const fs = require("fs");
const jsonata = require("jsonata");

const machine = process.argv[2];
let count = 0;
let bad = 0;

function visit(value, path) {
  if (typeof value === "string") {
    const expression = /^\{%([\s\S]*)%\}$/.exec(value);
    if (!expression) {
      if (value.includes("{%") || value.includes("%}")) {
        bad += 1;
        console.error(`${machine}: ${path}: {% and %} must enclose the whole text`);
      }
      return;
    }
    count += 1;
    try {
      jsonata(expression[1]);
    } catch (error) {
      bad += 1;
      console.error(`${machine}: ${path}: ${error.message} at character ${error.position}`);
    }
  } else if (value && typeof value === "object") {
    for (const [name, inner] of Object.entries(value)) visit(inner, `${path}/${name}`);
  }
}

visit(JSON.parse(fs.readFileSync(machine, "utf8")), "");
console.log(`jsonata: ${machine}: ${count} expressions, ${bad} findings`);
process.exit(bad ? 1 : 0);
