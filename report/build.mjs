// SPDX-License-Identifier: MIT
/*
 * build.mjs -- makes the page of `ouro report`: one HTML file, script and style inside
 *
 *     node build.mjs OUT.html [OUT.c]
 *
 *     src/main.js, src/style.css --esbuild--> script, style -+
 *     src/page.html ----------------------------------------+--> OUT.html --> OUT.c: its bytes
 *     node_modules/<library>/LICENSE ------------------------+
 *
 * Where the data belongs, OUT.html says OURO_DATA; `ouro report` puts it there. The Content-Security-Policy
 * names the hashes of script and style, so that nothing else runs, and allows no address at all.
 * NODE_PATH says where the libraries are, when not in node_modules beside this file.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';

const here = dirname(fileURLToPath(import.meta.url));
const modules = process.env.NODE_PATH || join(here, 'node_modules');
const [outHtml, outC] = process.argv.slice(2);
if (!outHtml) {
  console.error('usage: node build.mjs OUT.html [OUT.c]');
  process.exit(2);
}
const { build } = createRequire(join(modules, 'x.js'))('esbuild');

/* The libraries that end up in the page, with the licence that each brings. */
function librariesOf(metafile) {
  const names = new Set();
  for (const path of Object.keys(metafile.inputs)) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (match) names.add(match[1]);
  }
  return [...names].sort().map((name) => {
    const folder = join(modules, name);
    const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file || !about.license) throw new Error(`${name} comes without a licence`);
    return {
      name, version: about.version, license: about.license,
      text: readFileSync(join(folder, file), 'utf8').trim(),
    };
  });
}

async function bundle(define) {
  const result = await build({
    entryPoints: [join(here, 'src/main.js'), join(here, 'src/style.css')],
    outdir: '/nowhere', write: false, bundle: true, minify: true, metafile: true,
    format: 'iife', target: 'es2021', charset: 'utf8', legalComments: 'none',
    nodePaths: [modules], define, logLevel: 'warning',
  });
  const text = (end) => result.outputFiles.find((file) => file.path.endsWith(end)).text.trim();
  return { script: text('.js'), style: text('.css'), metafile: result.metafile };
}

const hashOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/* C of the bytes, as numbers: a string literal of this length is beyond what C promises. */
function cOf(bytes) {
  const lines = [];
  for (let i = 0; i < bytes.length; i += 32) lines.push(`${[...bytes.subarray(i, i + 32)].join(',')},`);
  return `/* Made by report/build.mjs. */\n#include "report/page.h"\n\n`
    + `static const unsigned char bytes[] = {\n${lines.join('\n')}\n};\n`
    + `const unsigned char *const report_page = bytes;\nconst size_t report_page_size = sizeof(bytes);\n`;
}

const first = await bundle({ LIBRARIES: '[]' });
const libraries = librariesOf(first.metafile);
const { script, style } = await bundle({ LIBRARIES: JSON.stringify(libraries) });
if (/<\/(script|style)|<!--/i.test(script + style)) throw new Error('the bundle would end its own element');

const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; `
  + `img-src data:; base-uri 'none'; form-action 'none'`;
const fill = { OURO_POLICY: policy, OURO_STYLE: style, OURO_SCRIPT: script };
const page = readFileSync(join(here, 'src/page.html'), 'utf8')
  .replace(/OURO_(POLICY|STYLE|SCRIPT)/g, (name) => fill[name]);
if (page.split('OURO_DATA').length !== 2) throw new Error('OURO_DATA has to be in the page once');

writeFileSync(outHtml, page);
if (outC) writeFileSync(outC, cOf(Buffer.from(page)));
