// Draws people: reads their descriptions (JSON, an array) and writes the pixels (RGB, picture after picture).
// Usage: node render.mjs DESCRIPTIONS.json PIXELS.rgb SIZE. Called by ../peeps.py.

import { readFileSync, writeFileSync } from 'node:fs';
import { createAvatar } from '@dicebear/core';
import * as openPeeps from '@dicebear/open-peeps';
import { Resvg } from '@resvg/resvg-js';

const OUTLINE = 18; // twice the width of the ink rim around dyed hair, in units of the drawing's 704 × 704
const GROUP = { head: '<g transform="matrix(.99789 0 0 1 156 62)">', facialHair: '<g transform="translate(279 400)">' };

// Open Peeps draws most hair as one black shape together with the outlines of the head. `dye` fills black shapes with a
// colour and inks their rim from within: lines stay black, because they are all rim, and hair gets the colour.
function dye(svg, part, color) {
  const start = svg.indexOf(GROUP[part]);
  if (start < 0) throw new Error(`The drawing has no group ${GROUP[part]} for its ${part}.`);
  const end = svg.indexOf('<g transform="', start + 1);
  let shapes = 0;
  const group = svg.slice(start, end).replace(/<path ([^>]*)\/>/g, (path, attributes) => {
    const fill = attributes.match(/ ?fill="(.*?)"/);
    if (fill && fill[1] !== '#000') return path; // skin or a ribbon
    const shape = attributes.replace(/ ?fill="#000"/, '');
    const id = `${part}${shapes++}`;
    return `<clipPath id="${id}"><path ${shape}/></clipPath>` +
      `<path ${shape} fill="#${color}" stroke="#000" stroke-width="${OUTLINE}" clip-path="url(#${id})"/>`;
  });
  return svg.slice(0, start) + group + svg.slice(end);
}

function draw(picture, size) {
  const options = { seed: 'peeps' }; // one choice for each option, so the seed decides nothing
  for (const part of ['facialHair', 'accessories', 'mask']) options[`${part}Probability`] = picture[part] ? 100 : 0;
  for (const [name, value] of Object.entries(picture)) options[name] = typeof value === 'string' ? [value] : value;
  let svg = createAvatar(openPeeps, options).toString();
  for (const part of picture.dyed) svg = dye(svg, part, picture.headContrastColor);
  const { pixels } = new Resvg(svg, { fitTo: { mode: 'width', value: size } }).render();
  return pixels.filter((_, index) => index % 4 < 3); // the background is opaque: alpha says nothing
}

const [descriptions, target, size] = process.argv.slice(2);
const pictures = JSON.parse(readFileSync(descriptions, 'utf8'));
writeFileSync(target, Buffer.concat(pictures.map((picture) => draw(picture, Number(size)))));
