#!/usr/bin/env node
// Starts the bundle where it was built, else the plain build. The bundle is one script whose compiled code V8 kept at build
// time: reading that back is much quicker than finding and parsing modules. Code kept by another version of V8 is refused by
// V8 itself, and the script is compiled as usual. CommonJS, so that no module loader has to start first.
'use strict'

const { readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')
const { Script } = require('node:vm')

const folder = join(__dirname, '../dist/bundle')
const file = join(folder, 'cli.cjs')

const orNull = (read) => {
  try {
    return read()
  } catch {
    return null
  }
}

/** What the bundle left outside: files beside it, and packages. */
const outside = (name) => import(name.startsWith('.') ? pathToFileURL(join(folder, name)).href : name)

/** The bundle as a script, and what it exports once it ran; null: it was not built. */
function loadBundle({ cache = true } = {}) {
  const source = orNull(() => readFileSync(file, 'latin1'))
  if (source === null) return null
  // The bundle's first comment names the kept code that belongs to it.
  const kept = cache ? orNull(() => readFileSync(join(folder, `${source.slice(2, 18)}.cache`))) : null
  const script = new Script(`(function(exports,require,module,__filename,__dirname,__import){${source}\n})`, {
    filename: file,
    ...(kept === null ? {} : { cachedData: kept }),
  })
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(file), module, file, folder, outside)
  return { script, id: source.slice(2, 18), exports: module.exports }
}

/** Whoever read our output has seen enough, as `| head` has: no fault, and a bot that runs goes on without being watched. */
function ignoreClosedPipe(error) {
  if (error.code !== 'EPIPE') throw error
}

async function start() {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  const bundle = process.env.CLAW_PLAIN_BUILD === '1' ? null : loadBundle()
  const { main } = bundle?.exports ?? (await import('../dist/src/cli.js'))
  process.exitCode = await main(process.argv.slice(2), {
    cwd: process.cwd(),
    env: process.env,
    color: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
    stdin: process.stdin,
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
  })
}

if (require.main === module) void start()
else module.exports = { loadBundle, folder }
