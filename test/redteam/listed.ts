// Commands made from the lists of tools themselves: what is listed, and the same spelled in ways that are not.

import type { KindName } from '../../src/permissions/shell/tables/kinds.ts'
import { commandNames, formsOf, operandsOf } from '../../src/permissions/shell/tables/lookup.ts'
import type { Form, OptionGroup, ToolTable } from '../../src/permissions/shell/tables/table.ts'

/** A text of each kind. */
const SAMPLES: Readonly<Record<KindName, string>> = {
  text: 'a text',
  argument: 'value',
  number: '3',
  amount: '10',
  duration: '5s',
  word: 'name',
  date: '2026-01-02',
  name: '*.ts',
  read: 'notes.txt',
  tree: 'src',
  'shown-tree': 'src',
  write: 'new.txt',
  'write-tree': 'old.txt',
  output: 'new.txt',
  nowhere: '/dev/null',
  target: 'copy.txt',
  'target-tree': 'moved.txt',
  edited: 'a.ts',
  'packed-tree': 'src',
  packed: 'data.csv',
  'find-start': '.',
  mode: '644',
  url: 'https://example.com/a',
  'url-or-local': 'http://localhost:3000/health',
  download: 'https://example.com/file.zip',
  data: 'agent/1.0',
  'write-out': '%{http_code}',
  'send-data': '{"a":1}',
  header: 'Accept: text/plain',
  revision: 'HEAD~1',
  'revision-or-file': 'main..HEAD',
  'switched-file': 'main',
  pathspec: 'src/a.ts',
  staged: 'src/a.ts',
  cleaned: 'build',
  'written-pathspec': 'src/a.ts',
  branch: 'feature/x',
  stash: 'stash@{0}',
  refspec: 'main',
  remote: 'origin',
  repository: 'https://example.com/a/b.git',
  'git-setting': 'user.name',
  'git-lines': '1,10:src/a.ts',
  'npm-package': 'left-pad@1.3.0',
  'pip-package': 'requests>=2.31',
  crate: 'serde',
  'go-package': './...',
  'go-list': 'all',
  'go-setting': 'GOPATH',
  image: 'nginx:latest',
  resource: 'pods',
  'make-target': 'test',
  script: 'build',
  test: 'tests/test_a.py::test_b',
  archive: 'a.tar',
  'new-archive': 'b.tar',
  'number-or-all': 'all',
  'amount-or-word': 'user',
  extensions: '.ts,.tsx',
  'find-types': 'f',
  'config-name': 'user.name',
  'npm-workspace': 'packages/core',
  'npm-filter': 'web',
  field: 'version',
  'cargo-names': 'derive',
  here: '.',
  platform: 'linux/amd64',
  pod: 'web-0',
  'hub-repository': 'octocat/hello',
  'hub-thing': '42',
  'process-list': 'pid,comm',
  'ps-letters': 'aux',
  'date-format': '+%F',
  'dns-word': 'example.com',
  'awk-variable': 'n=5',
  owner: 'user:group',
  unit: 'nginx.service',
  host: 'example.com',
  'output-format': 'yaml',
  sed: '1,5p',
  awk: '{print $1}',
  jq: '.name',
  yq: '.name',
}

export const sampleOf = (kind: string): string =>
  kind.includes('|') ? (kind.split('|')[0] as string) : SAMPLES[kind as KindName]

/** One form of a tool, with the words that select it. */
export interface Usage {
  readonly tool: string
  readonly table: ToolTable
  readonly command: readonly string[]
  /** Another name of a sub-command that came before. */
  readonly alias: boolean
  readonly form: Form
  readonly options: readonly OptionGroup[]
}

/** Every form of a table, for its first name. */
export function usagesOf(table: ToolTable): readonly Usage[] {
  const tool = table.tools[0] as string
  const shared = table.options ?? []
  const bare = (table.forms ?? []).map((form) => ({
    tool,
    table,
    command: [],
    alias: false,
    form,
    options: [...shared, ...(table.globalOptions ?? []), ...(form.options ?? [])],
  }))
  const named = Object.entries(table.commands ?? {}).flatMap(([names, forms]) =>
    commandNames(names).flatMap((name, index) =>
      formsOf(forms).map((form) => ({
        tool,
        table,
        command: name.split(' '),
        alias: index > 0,
        form,
        options: [...shared, ...(form.options ?? [])],
      })),
    ),
  )
  return [...bare, ...named]
}

const namesOf = (text: string): readonly string[] => text.split(/\s+/).filter((name) => name !== '')

/** The words of one option: alone, or with its value. */
export function optionWords(group: OptionGroup, name: string): readonly string[] {
  if (name === '-#') return ['-3']
  if (group.value === undefined) return [name]
  const value = sampleOf(group.value)
  return group.twice === true ? [name, value, value] : [name, value]
}

/** A word of a command, and of which kind it is; no kind: an option or a sub-command. */
export interface KindedWord {
  readonly text: string
  readonly kind?: string
}

/** The words of some options and of the operands, each with its kind. */
export function kindedWords(
  { form, options }: Usage,
  chosen: readonly (readonly [name: string, group: OptionGroup])[],
): readonly KindedWord[] {
  const needed = namesOf(form.needs ?? '')[0]
  const group = options.find(({ names }) => needed !== undefined && namesOf(names).includes(needed))
  const given = group === undefined || needed === undefined ? chosen : [...chosen, [needed, group] as const]
  const words = given.flatMap(([name, one]): KindedWord[] =>
    name === '-#'
      ? [{ text: '-3' }]
      : [
          { text: name },
          ...(one.value === undefined
            ? []
            : Array.from({ length: one.twice === true ? 2 : 1 }, () => ({
                text: sampleOf(one.value as string),
                kind: one.value as string,
              }))),
        ],
  )
  if (form.needs === '--')
    return [...words, { text: '--' }, ...operandsOf(form.dashes).map(({ kind }) => ({ text: sampleOf(kind), kind }))]
  const operands = operandsOf(form.operands).slice(given.some(([, one]) => one.first === true) ? 1 : 0)
  return [...words, ...operands.map(({ kind }) => ({ text: sampleOf(kind), kind }))]
}

/** The least that a form asks for: what it needs, and its operands. */
export function leastWords({ form, options }: Usage): readonly string[] {
  if (form.needs === '--') return ['--', ...operandsOf(form.dashes).map(({ kind }) => sampleOf(kind))]
  const needed = namesOf(form.needs ?? '')[0]
  const group = options.find(({ names }) => needed !== undefined && namesOf(names).includes(needed))
  const operands = operandsOf(form.operands)
    .slice(group?.first === true ? 1 : 0)
    .flatMap(({ kind, least }) => (least === 1 ? [sampleOf(kind)] : []))
  return [...(needed === undefined || group === undefined ? [] : optionWords(group, needed)), ...operands]
}

/** Each option of a form by name. */
export const optionsOf = (usage: Usage): readonly (readonly [name: string, group: OptionGroup])[] => {
  const found = new Map<string, OptionGroup>()
  for (const group of usage.options) for (const name of namesOf(group.names)) found.set(name, group)
  return [...found]
}

/** Every option name that any form of a table lists. */
export const allOptions = (table: ToolTable): ReadonlySet<string> =>
  new Set(usagesOf(table).flatMap((usage) => usage.options.flatMap(({ names }) => namesOf(names))))
