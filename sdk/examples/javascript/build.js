// Encodes json.js with its engine as a component.

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const { component } = await componentize({
  sourcePath: here('json.js'),
  witPath: here('build/wit'),
  worldName: 'plugin',
  // A plugin has no clock, no randomness, no files and no network: without these the component imports no WASI.
  disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
});
await writeFile(here('build/json.wasm'), component);
