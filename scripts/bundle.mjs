// Bundles the command line into a few files: fewer modules to find and parse make it start faster.
// Libraries that only some configurations use stay outside and load when asked for.

import { rmSync } from 'node:fs'
import { build } from 'esbuild'

const LAZY = [
  '@anthropic-ai/sdk',
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

rmSync(new URL('../dist/bundle', import.meta.url), { recursive: true, force: true })
await build({
  entryPoints: ['dist/src/cli.js'],
  outdir: 'dist/bundle',
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: [...LAZY, ...NATIVE],
  // Some bundled libraries are CommonJS and use what only CommonJS has.
  banner: {
    js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url),__filename=import.meta.filename??new URL(import.meta.url).pathname;",
  },
  logLevel: 'warning',
})
