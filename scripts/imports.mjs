// Who may import whom, held as an allow-list: scripts/imports.json names for each folder of src/ what it may import. A folder
// that is not in the list may import nothing. `--write` rewrites the list from the sources, and the figure in ARCHITECTURE.md
// from the list: read the difference. Without it: prints each import that is not allowed and exits with 1.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const LIST = join(root, 'scripts/imports.json')
const PAGE = join(root, 'ARCHITECTURE.md')
const FIGURE = /(<!-- imports -->\n)[\s\S]*?(<!-- \/imports -->)/

const CHANNEL = 'channels/<type>'
/** These put parts together, so the list names folders for them; for all others it names files. */
const COMPOSERS = new Set(['.', 'agent', 'engine', 'gateway', 'cli', 'testing', CHANNEL, 'channels/kit'])

/** The first folder of a file; `.` for the files of src/ itself. Channels are folders of their own. */
function folderOf(file) {
  const [first, second, third] = file.split('/')
  if (second === undefined) return '.'
  if (first !== 'channels' || third === undefined) return first
  if (second === 'kit') return 'channels/kit'
  return existsSync(join(root, 'src/channels', second, 'settings.schema.json')) || second === 'webchat' ? CHANNEL : first
}

/** What an import counts as: a file, or a folder where the list does not tell its files apart. */
function targetOf(from, file) {
  const folder = folderOf(file)
  const path = file.replace(/\.tsx?$/, '')
  if (folder === '.') return path
  return folder === 'plan' || folder === CHANNEL || (COMPOSERS.has(from) && path !== `${folder}/port`) ? folder : path
}

/** `from → target` → the files that do it. Fakes and drivers are of the tests and left out. */
function importsOfSource() {
  const found = new Map()
  const names = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'))
  for (const name of names) {
    if (!/\.tsx?$/.test(name) || /\/fake\/|\/driver\.ts$|\/generated\//.test(name)) continue
    const text = readFileSync(join(root, 'src', name), 'utf8')
    for (const [, path] of text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)) {
      const target = posix.join(posix.dirname(name), path)
      const from = folderOf(name)
      const isSibling = from === folderOf(target) && (from !== CHANNEL || name.split('/')[1] === target.split('/')[1])
      if (target.startsWith('..') || isSibling) continue
      const key = `${from} ${targetOf(from, target)}`
      found.set(key, [...(found.get(key) ?? []), name])
    }
  }
  return found
}

function listOf(found) {
  const list = {}
  for (const key of [...found.keys()].sort()) {
    const [from, to] = key.split(' ')
    const isWithin = to.includes('/') && found.has(`${from} ${to.split('/')[0]}`)
    if (!isWithin) list[from] = [...(list[from] ?? []), to]
  }
  return list
}

/** One arrow for each import that no longer way explains; helpers of src/ itself are left out. */
function figureOf(list) {
  const folders = new Map(
    Object.entries(list)
      .filter(([from]) => from !== '.')
      .map(([from, targets]) => {
        const wholes = targets.map((to) => (to === CHANNEL ? to : to.split('/')[0])).filter((to) => to in list || to === CHANNEL)
        return [from, new Set(wholes.filter((to) => to !== from.split('/')[0]))]
      }),
  )
  const reaches = (from, to, seen = new Set()) =>
    [...(folders.get(from) ?? [])].some((next) => {
      if (next === to) return true
      if (seen.has(next)) return false
      seen.add(next)
      return reaches(next, to, seen)
    })
  const lines = [...folders].flatMap(([from, targets]) =>
    [...targets]
      .filter((to) => ![...targets].some((other) => other !== to && !reaches(other, from) && reaches(other, to)))
      .map((to) => `  ${idOf(from)} --> ${idOf(to)}`),
  )
  return ['```mermaid', 'flowchart TD', ...lines, '```', ''].join('\n')
}
const idOf = (folder) => (folder === CHANNEL ? 'channel["channels/&lt;type&gt;"]' : folder.replace('/', '_'))

const found = importsOfSource()
if (process.argv.includes('--write')) writeFileSync(LIST, `${JSON.stringify(listOf(found), null, 2)}\n`)
const list = JSON.parse(readFileSync(LIST, 'utf8'))
const page = readFileSync(PAGE, 'utf8')
const newPage = page.replace(FIGURE, (_, begin, end) => `${begin}${figureOf(list)}${end}`)
if (process.argv.includes('--write')) writeFileSync(PAGE, newPage)

const problems = [...found].flatMap(([key, files]) => {
  const [from, to] = key.split(' ')
  const allowed = list[from] ?? []
  return allowed.includes(to) || allowed.includes(to.split('/')[0])
    ? []
    : [`src/${files[0]}: ${from} may not import ${to} (scripts/imports.json)`]
})
if (newPage !== page && problems.length === 0 && !process.argv.includes('--write'))
  problems.push('The figure in ARCHITECTURE.md is not that of scripts/imports.json: run `node scripts/imports.mjs --write`.')
for (const problem of problems) console.error(problem)
process.exitCode = problems.length > 0 ? 1 : 0
