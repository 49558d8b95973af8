// Bundles the command line into scripts and keeps V8's compiled code beside each: nothing to find and little to parse makes it
// start in half the time. Verbs that only ask something of the file have a bundle of their own, without the engine. Libraries
// that only some configurations use stay outside and load when asked for.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decode, encode } from '@jridgewell/sourcemap-codec'
import { build } from 'esbuild'

const { bundleOf } = createRequire(import.meta.url)('../bin/claw.js')

const LAZY = [
  'openai',
  'tar',
  're2js',
  'linkedom',
  '@mozilla/readability',
  'turndown',
  'undici',
  'json5',
  'vscode-languageserver',
  'vscode-languageserver-textdocument',
]
/** What only a file with plugins or channels of its own asks for, before a bot runs. */
const RARELY_ASKED = ['ajv']
const NATIVE = ['@photostructure/sqlite']

/** Parts of Node that take long to load and that many a command never uses: they load at the first use of what they hold. */
const LATE = /\brequire\("(node:(?:child_process|crypto|dns\/promises|readline|v8|vm|zlib)|assert)"\)/g

/** Its many modules become one beside the bundles: most bots need it, but none before its first turn. */
const SDK = '@anthropic-ai/sdk'
const SDK_BUNDLE = 'anthropic-sdk'

/** Modules that import what nobody knows at build time: a kept script cannot. */
const OUTSIDE = new Set(['dist/src/plugins/load.js'])

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

const SCRIPT = {
  absWorkingDir: at(''),
  bundle: true,
  write: false,
  // Without the names of functions: giving them back at start costs a tenth of it, and nothing reads them.
  minify: true,
  charset: 'ascii',
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
  // Read when a bug is printed, so that its lines are those of the sources.
  sourcemap: 'external',
  sourcesContent: false,
  // Only names the map; nothing is written there.
  outfile: at('dist/bundle/bundle.cjs'),
}

rmSync(at('dist/bundle'), { recursive: true, force: true })
mkdirSync(at('dist/bundle'), { recursive: true })

for (const name of ['questions', 'bot']) await writeBundle(name)

await writeSdk()
for (const name of ['questions', 'bot'])
  execFileSync(process.execPath, [at('scripts/keep-compiled.mjs'), name], { stdio: 'inherit', timeout: 60_000 })

/**
 * What a bundle leaves to the plain build: verbs that the starter looks for in the other one; and what a channel, a model or a
 * tool does, where none runs; and the checker of channels that only some registries know.
 */
function isLeft(name, importer, path) {
  if (importer.endsWith('/cli/verbs.js')) return bundleOf([basename(path, '.js')]) !== name
  if (name !== 'questions') return false
  return path.endsWith('/language/compile.js') || /\/dist\/src\/(channels|tools)\/|\/models\/registry\.js$/.test(importer)
}

/** The command line as one script. */
async function writeBundle(name) {
  const { outputFiles, metafile } = await build({
    ...SCRIPT,
    metafile: true,
    entryPoints: ['dist/src/cli.js'],
    external: [...LAZY, ...NATIVE, ...(name === 'questions' ? RARELY_ASKED : [])],
    plugins: [
      {
        name: 'outside',
        setup(own) {
          own.onResolve({ filter: /^@anthropic-ai\/sdk$/ }, () => ({ path: `./${SDK_BUNDLE}`, external: true }))
          own.onResolve({ filter: /^\.\/.+\.js$/ }, ({ path, kind, importer, resolveDir }) => {
            const target = join(resolveDir, path)
            if (kind !== 'dynamic-import' || !(OUTSIDE.has(relative(at(''), target)) || isLeft(name, importer, path)))
              return undefined
            return { path: `../${relative(at('dist'), target)}`, external: true }
          })
          // A channel's library loads with the channel.
          own.onResolve({ filter: /^[^./]/ }, ({ path, importer }) =>
            /\/dist\/src\/channels\/(?!text\/)[^/]+\//.test(importer) && !path.startsWith('node:')
              ? { path, external: true }
              : undefined,
          )
          // Packages ask which thread they are in, and the log brings its writers in threads: none is used, and all would load.
          own.onResolve({ filter: /^worker_threads$/ }, () => ({ path: 'main-thread', namespace: 'known' }))
          own.onLoad({ filter: /./, namespace: 'known' }, () => ({
            contents: 'module.exports = {isMainThread: true, threadId: 0}',
          }))
          own.onLoad({ filter: /\bpino.lib.transport\.js$/ }, () => ({ contents: 'module.exports = undefined' }))
        },
      },
    ],
    define: { 'import.meta.url': '__bundleUrl' },
    banner: {
      js:
        "const __bundleUrl=require('node:url').pathToFileURL(__filename).href," +
        '__late=(name,part,load=()=>part??=require(name))=>new Proxy(()=>{},{get:(_,key)=>load()[key],apply:(_,me,given)=>load()(...given)});',
    },
  })
  const forTests = Object.keys(metafile.inputs).filter((path) => /\/channels\/(kit|[^/]+\/(fake|driver))\b/.test(path))
  if (forTests.length > 0) throw new Error(`${name} has what is for tests alone: ${forTests.join(', ')}`)
  writeScript(name, outputFiles, [[LATE, (_, part) => `__late("${part}")`]])
}

async function writeSdk() {
  const contents = `export { default } from '${SDK}'; export * from '${SDK}'`
  const { outputFiles } = await build({ ...SCRIPT, stdin: { contents, resolveDir: at('') } })
  writeScript(SDK_BUNDLE, outputFiles)
}

function writeScript(name, outputFiles, replacements = []) {
  const map = JSON.parse(outputFiles.find(({ path }) => path.endsWith('.map')).text)
  const code = outputFiles.find(({ path }) => path.endsWith('.cjs')).text.replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n')
  // What stays outside is imported by the starter, as a kept script has no importer of its own without a warning from Node.
  const imports = [/\bimport\((?=")/g, () => '__import(']
  const text = replaceMapped(code, map, [...replacements, imports])
  // In single quotes it stands only in texts.
  if (/\bimport\((?!')/.test(text)) throw new Error(`${name} imports something whose name is not known.`)
  if (/\(__late\(/.test(text)) throw new Error('Something takes a late part of Node apart where it is loaded: import its names.')
  const id = createHash('sha256').update(text).digest('hex').slice(0, 16)
  write(`${name}.cjs.map`, JSON.stringify({ ...map, mappings: encode(shifted(map.mappings, [{ line: 0, column: 0, by: 20 }])) }))
  write(`${name}.cjs`, `/*${id}*/${text}`)
}

/** Whole or not at all: a claw may start while this is written. */
function write(name, text) {
  writeFileSync(at(`dist/bundle/${name}.tmp`), text)
  renameSync(at(`dist/bundle/${name}.tmp`), at(`dist/bundle/${name}`))
}

/** Replaces in the code, and moves what the map says of what stands behind. */
function replaceMapped(code, map, replacements) {
  map.mappings = decode(map.mappings)
  return replacements.reduce((text, [pattern, replacement]) => {
    const lines = text.split('\n')
    const edits = []
    const replaced = lines.map((line, index) =>
      line.replaceAll(pattern, (...found) => {
        const [match] = found
        const made = replacement(...found)
        edits.push({ line: index, column: found.at(-2), by: made.length - match.length })
        return made
      }),
    )
    map.mappings = shifted(map.mappings, edits)
    return replaced.join('\n')
  }, code)
}

/** Mappings after edits: what stands behind one on its line moves by as many columns. */
function shifted(mappings, edits) {
  const byLine = new Map()
  for (const edit of edits) {
    if (byLine.has(edit.line)) byLine.get(edit.line).push(edit)
    else byLine.set(edit.line, [edit])
  }
  return mappings.map((segments, line) => {
    const own = byLine.get(line) ?? []
    let next = 0
    let by = 0
    return segments.map(([column, ...rest]) => {
      while (next < own.length && own[next].column <= column) by += own[next++].by
      return [column + by, ...rest]
    })
  })
}
