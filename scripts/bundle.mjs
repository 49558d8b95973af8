// Bundles the command line into one script and keeps V8's compiled code beside it: nothing to find and little to parse makes it
// start in half the time. Libraries that only some configurations use stay outside and load when asked for.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const LAZY = [
  'openai',
  'grammy',
  '@discordjs/rest',
  '@discordjs/ws',
  'discord-api-types/v10',
  '@slack/socket-mode',
  '@slack/web-api',
  'irc-framework',
  'linkedom',
  '@mozilla/readability',
  'turndown',
  'undici',
  'json5',
]
const NATIVE = ['@photostructure/sqlite']

/** Its many modules become one beside the bundle: most bots need it, but none before its first turn. */
const SDK = '@anthropic-ai/sdk'
const SDK_FILE = './anthropic-sdk.mjs'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

const { outputFiles } = await build({
  absWorkingDir: at(''),
  entryPoints: ['dist/src/cli.js'],
  bundle: true,
  write: false,
  // Without the names of functions: giving them back at start costs a tenth of it, and nothing reads them.
  minify: true,
  charset: 'ascii',
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  external: [...LAZY, ...NATIVE],
  plugins: [
    {
      name: 'sdk-beside',
      setup: (own) => own.onResolve({ filter: /^@anthropic-ai\/sdk$/ }, () => ({ path: SDK_FILE, external: true })),
    },
  ],
  define: { 'import.meta.url': '__bundleUrl' },
  banner: { js: "const __bundleUrl=require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'warning',
})
// What stays outside is imported by the starter, as a kept script has no importer of its own without a warning from Node.
const text = outputFiles[0].text.replaceAll(/\bimport\((?=")/g, '__import(')
if (/\bimport\(/.test(text)) throw new Error('The bundle imports something whose name is not known.')
const id = createHash('sha256').update(text).digest('hex').slice(0, 16)

rmSync(at('dist/bundle'), { recursive: true, force: true })
mkdirSync(at('dist/bundle'), { recursive: true })
// Whole or not at all: a claw may start while this is written.
writeFileSync(at('dist/bundle/cli.tmp'), `/*${id}*/${text}`)
renameSync(at('dist/bundle/cli.tmp'), at('dist/bundle/cli.cjs'))
await build({
  absWorkingDir: at(''),
  stdin: { contents: `export { default } from '${SDK}'; export * from '${SDK}'`, resolveDir: at('') },
  outfile: 'dist/bundle/anthropic-sdk.mjs',
  bundle: true,
  minify: true,
  keepNames: true,
  charset: 'ascii',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
})
execFileSync(process.execPath, [at('scripts/keep-compiled.mjs')], { stdio: 'inherit', timeout: 60_000 })
