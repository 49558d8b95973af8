// Counts the walk of one Telegram hello through our own files: from the update to the acknowledged sendMessage and the work that
// follows it. A file is touched when one of its functions runs. A crossing is a call from one of our files into another: each
// function reports its nearest caller of ours, frames of Node and of libraries skipped. Usage: node scripts/walk.mjs [--list]
// (the plain modules in dist must be built). Exits with 1 when the walk is longer than its bounds.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { register } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

const BOUNDS = { files: 40, crossings: 150 }
const WARM = 12
const TRACED = 5

const DIST = new URL('../dist/', import.meta.url)
const OURS = new URL('src/', DIST).href
/** Platforms that are made up for tests are not on the way. */
const isOurs = (url) => url.startsWith(OURS) && !/\/(fake|kit)\//.test(url)

/** Node asks this in a thread of its own for each module: ours come back with a report at the start of each function. */
export async function load(url, context, next) {
  const loaded = await next(url, context)
  if (!isOurs(url) || loaded.source == null) return loaded
  return { ...loaded, source: await instrument(url, Buffer.from(loaded.source).toString()) }
}

async function instrument(url, text) {
  const { default: ts } = await import('typescript')
  const call = `globalThis.__walked?.(${JSON.stringify(url.slice(OURS.length))})`
  const inserts = []
  const visit = (node) => {
    if (ts.isFunctionLike(node) && node.body !== undefined) {
      if (ts.isBlock(node.body)) inserts.push([node.body.getStart() + 1, `${call};`])
      else inserts.push([node.body.getStart(), `(${call},`], [node.body.end, ')'])
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(url, text, ts.ScriptTarget.ESNext, true))
  let out = ''
  let from = 0
  for (const [at, insert] of inserts.sort((a, b) => a[0] - b[0])) {
    out += text.slice(from, at) + insert
    from = at
  }
  return out + text.slice(from)
}

function list(files, crossings) {
  const counts = new Map()
  for (const crossing of crossings) counts.set(crossing, (counts.get(crossing) ?? 0) + 1)
  console.log([...files].sort().join('\n'))
  for (const [crossing, count] of [...counts].sort((a, b) => b[1] - a[1])) console.log(String(count).padStart(4), crossing)
}

/** The walks of some hellos to a warm bot, each with the files it touched and its crossings, as `from → function (to)`. */
async function trace() {
  const { createFakeTelegram } = await import(new URL('src/channels/telegram/fake/server.js', DIST).href)
  const { startFakeMessagesApi } = await import(new URL('test/support/fake-messages-api.js', DIST).href)
  const { startClaw } = await import(new URL('src/start.js', DIST).href)
  const telegram = await createFakeTelegram({ token: '1:T' })
  const api = await startFakeMessagesApi({ reply: () => 'Hello!' })
  const folder = await mkdtemp(join(tmpdir(), 'claw-walk-'))
  const file = join(folder, 'openclaw.yaml')
  await writeFile(file, configuration(telegram.url, api.url))
  const { engine, stop } = await startClaw({ file, env: { PATH: process.env.PATH ?? '' }, watch: false, gateway: false })
  const walks = []
  for (let n = 0; n < WARM + TRACED; n++) {
    const walk = { files: new Set(), crossings: [] }
    if (n >= WARM) globalThis.__walked = recorder(walk)
    const delivered = new Promise((resolve) => {
      const off = engine.on((event) => {
        if (event.type !== 'outbound') return
        off()
        resolve()
      })
    })
    telegram.say({ from: 7, text: 'hello' })
    await delivered
    // What a hello leaves to be done after its answer is part of it.
    await new Promise((resolve) => setTimeout(resolve, 100))
    globalThis.__walked = undefined
    if (n >= WARM) walks.push(walk)
  }
  await stop()
  await telegram.stop()
  await api.close()
  await rm(folder, { recursive: true, force: true })
  return walks
}

const configuration = (telegram, api) => `
models:
  api: { provider: anthropic, baseURL: ${api}, apiKey: none, maxRetries: 0 }
agents:
  main: { model: api/claude-test, soul: You are helpful. }
channels:
  telegram: { token: "1:T", apiRoot: "${telegram}", allowFrom: ["telegram:7"] }
`

function recorder({ files, crossings }) {
  return (file) => {
    const { prepareStackTrace, stackTraceLimit } = Error
    Error.stackTraceLimit = 60
    Error.prepareStackTrace = (_, sites) => sites
    const [, callee, ...callers] = new Error().stack
    Object.assign(Error, { prepareStackTrace, stackTraceLimit })
    files.add(file)
    const caller = callerOf(callers)
    if (caller !== null && caller !== file) crossings.push(`${caller} → ${callee.getFunctionName() ?? '(anonymous)'} (${file})`)
  }
}

/** The nearest file of ours that is calling; null: Node's event loop is. */
function callerOf(sites) {
  for (const site of sites) {
    if (site.isAsync()) return null
    const url = site.getFileName() ?? ''
    if (isOurs(url)) return url.slice(OURS.length)
    if (url.startsWith(DIST.href)) return null
  }
  return null
}

if (isMainThread && process.argv[1] === fileURLToPath(import.meta.url)) {
  register(import.meta.url)
  const walks = await trace()
  const { files, crossings } = walks.reduce((longest, walk) =>
    walk.crossings.length > longest.crossings.length ? walk : longest,
  )
  const folders = new Set([...files].map((file) => file.split('/').slice(0, -1).join('/')))
  console.log(`A Telegram hello: ${files.size} files in ${folders.size} folders, ${crossings.length} crossings.`)
  if (process.argv.includes('--list')) list(files, crossings)
  if (files.size > BOUNDS.files || crossings.length > BOUNDS.crossings) {
    console.error(`Bounds: ${BOUNDS.files} files, ${BOUNDS.crossings} crossings. --list shows them.`)
    process.exitCode = 1
  }
}
