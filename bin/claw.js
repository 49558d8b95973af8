#!/usr/bin/env node
// Starts a bundle where it was built, else the plain build. A bundle is one script whose compiled code V8 kept at build
// time: reading that back is much quicker than finding and parsing modules. Code kept by another version of V8 is refused by
// V8 itself, and the script is compiled as usual. CommonJS, so that no module loader has to start first.
'use strict'

const { fstatSync, readFileSync, statSync, writeSync } = require('node:fs')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')
const { Script } = require('node:vm')

const folder = join(__dirname, '../dist/bundle')

/** Verbs that only ask something of the file: their bundle is a third of the whole, as it has no engine. */
const QUESTIONS = new Set(['validate', 'plan', 'route', 'permit', 'access', 'config', 'schema', 'fmt', 'explain'])
/** Options that may stand before a verb and take a value. */
const WITH_VALUE = new Set(['-c', '--config', '--format'])

/** The bundle that has a command line's verb. */
function bundleOf(argv) {
  const verb = argv.find((word, n) => !word.startsWith('-') && !WITH_VALUE.has(argv[n - 1]))
  return verb === undefined || QUESTIONS.has(verb) ? 'questions' : 'bot'
}

const orNull = (read) => {
  try {
    return read()
  } catch {
    return null
  }
}

/** What a bundle left outside: a bundle beside it (`./`), files of the plain build (`../`), and packages. */
const outside = async (name) => {
  if (name.startsWith('./')) {
    const bundle = loadBundle(name.slice(2))
    if (bundle === null) throw new Error(`${join(folder, name)}.cjs is gone; was claw installed again? Start it again.`)
    return bundle.exports
  }
  return await import(name.startsWith('.') ? pathToFileURL(join(folder, name)).href : name)
}

/** By name. */
const loaded = new Map()

/** Whether the plain build was made after the bundle: then the bundle is of an older program. In a package there is no such mark. */
function isStale(name) {
  const built = orNull(() => statSync(join(folder, '../.tsbuildinfo')).mtimeMs)
  const bundled = orNull(() => statSync(join(folder, `${name}.cjs`)).mtimeMs)
  return built !== null && bundled !== null && built > bundled
}

/** A bundle as a script, and what it exports once it ran; null: it was not built. */
function loadBundle(name, { cache = true } = {}) {
  const known = loaded.get(name)
  if (known !== undefined) return known
  const file = join(folder, `${name}.cjs`)
  const source = orNull(() => readFileSync(file, 'latin1'))
  if (source === null) return null
  // The bundle's first comment names the kept code that belongs to it.
  const kept = cache ? orNull(() => readFileSync(join(folder, `${source.slice(2, 18)}.cache`))) : null
  const head = '(function(exports,require,module,__filename,__dirname,__import){'
  const script = new Script(`${head}${source}\n})`, {
    filename: file,
    // Places in stack traces are those of the file.
    columnOffset: -head.length,
    ...(kept === null ? {} : { cachedData: kept }),
  })
  const module = { exports: {} }
  script.runInThisContext()(module.exports, require, module, file, folder, outside)
  const bundle = { script, id: source.slice(2, 18), exports: module.exports }
  loaded.set(name, bundle)
  return bundle
}

/**
 * Writes at once, as Node's streams do for terminals, files and pipes, without the time that they take to load. What cannot be
 * taken at once is left to the stream. The reader of our output has seen enough, as `| head` has: no fault, and a bot that runs
 * goes on without being watched.
 */
function createWriter(fd, openStream) {
  let stream
  return (text) => {
    let left = Buffer.from(text)
    try {
      while (stream === undefined && left.length > 0) left = left.subarray(writeSync(fd, left))
    } catch (error) {
      if (error.code === 'EPIPE') return
      if (error.code !== 'EAGAIN') throw error
      stream = openStream().on('error', (late) => {
        if (late.code !== 'EPIPE') throw late
      })
    }
    if (left.length > 0) stream.write(left)
  }
}

/** Only what may be a terminal is asked further: to ask takes long. */
const mayBeTerminal = (fd) => {
  const stats = fstatSync(fd)
  return stats.isCharacterDevice() && stats.rdev !== orNull(() => statSync('/dev/null').rdev)
}
const isTerminal = (fd, openStream) => orNull(() => mayBeTerminal(fd)) === true && openStream().isTTY === true

/** The oldest Node that claw runs on, as package.json says. */
const OLDEST = [20, 19]

function isTooOld() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
}

async function start() {
  if (isTooOld()) {
    process.stderr.write(`claw: Node ${process.versions.node} is too old; claw needs ${OLDEST.join('.')} or newer.\n`)
    process.exitCode = 78
    return
  }
  const argv = process.argv.slice(2)
  // A verb that waits for something that can no longer come must not look like one that succeeded.
  let ended = false
  process.once('beforeExit', () => {
    if (ended) return
    process.stderr.write('claw: the command ended before it had a result; nothing answered it.\n')
    process.exitCode = 1
  })
  const name = bundleOf(argv)
  const stale = process.env.CLAW_PLAIN_BUILD !== '1' && isStale(name)
  if (stale) process.stderr.write(`claw: dist/bundle is older than the build and was not used; npm run build makes both\n`)
  const bundle = stale || process.env.CLAW_PLAIN_BUILD === '1' ? null : loadBundle(name)
  const { main } = bundle?.exports ?? (await import('../dist/src/cli.js'))
  const terminal = { out: () => isTerminal(1, () => process.stdout), err: () => isTerminal(2, () => process.stderr) }
  const code = await main(argv, {
    cwd: process.cwd(),
    env: process.env,
    color: process.env.NO_COLOR === undefined && terminal.out(),
    isTerminal: {
      get out() {
        return terminal.out()
      },
      get err() {
        return terminal.err()
      },
    },
    get stdin() {
      return process.stdin
    },
    out: createWriter(1, () => process.stdout),
    err: createWriter(2, () => process.stderr),
  })
  ended = true
  process.exitCode = code
}

if (require.main === module) void start()
else module.exports = { loadBundle, loaded, bundleOf, folder }
