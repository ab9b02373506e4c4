// Reads every .vtt in a folder with the W3C's validator; prints JSON: file name -> its faults and what its cues say.
const fs = require("fs");
const path = require("path");
const { WebVTTParser } = require("webvtt-parser");
const entities = require("webvtt-parser/html-entities.json");

const text = (node) => (node.type === "text" ? node.value : node.children.map(text).join(""));
const underlined = (node) => (node.name === "u" ? node : (node.children || []).map(underlined).find(Boolean));

function verdict(file) {
  const { errors, cues } = new WebVTTParser(entities).parse(fs.readFileSync(file, "utf8"), "subtitles/captions/descriptions");
  return {
    faults: errors.map((error) => `line ${error.line}: ${error.message}`),
    said: cues.map((cue) => text(underlined(cue.tree) || cue.tree)),
  };
}

const folder = process.argv[2];
const files = fs.readdirSync(folder).filter((name) => name.endsWith(".vtt"));
process.stdout.write(JSON.stringify(Object.fromEntries(files.map((name) => [name, verdict(path.join(folder, name))]))));
