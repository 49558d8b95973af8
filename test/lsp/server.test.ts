import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import fc from 'fast-check'
import t from 'tap'
import type {
  CodeAction,
  CodeLens,
  CompletionItem,
  DocumentSymbol,
  Hover,
  Location,
  TextEdit,
  WorkspaceEdit,
} from 'vscode-languageserver-protocol'
import { startLsp } from '../support/lsp-client.ts'
import { runCli } from '../support/run-cli.ts'
import { testdir } from '../support/testdir.ts'

const GOLDEN = join(dirname(fileURLToPath(import.meta.url)), '../../../test/golden')

const ROOT = `include: [team.yaml]
agents:
  main: { soul: Hi., model: api/m } # the one who answers
channels:
  telegram:
    token: \${T}   # of the bot
    allowFrom: [zoe, "telegram:7"]
  http: { allowFrom: [me] }
models:
  api: { provider: anthropic, apiKey: "\${T}" }
identityLinks:
  zoe: ["telegram:5"]
owners: [zoe]
tests:
  - { name: research, message: { channelId: telegram, userId: "5", content: /r x }, expect: { agentId: scout } }
`
const TEAM = `agents:
  scout: # reads
    soul: Hi.
    rateLimit: { maxMessagesPerHour: 5 }
routing:
  defaultAgent: main
  rules:
    - { prefix: /r, channelId: telegram, agentId: scout }
`

t.test('problems in the editor are those of validate, on every golden', async (t) => {
  const dir = testdir(t, { '.env': 'TELEGRAM_BOT_TOKEN=t\n' })
  const client = await startLsp(t, dir)
  for (const name of readdirSync(GOLDEN).filter((one) => one.endsWith('.yaml'))) {
    const folder = testdir(t, { [name]: readFileSync(join(GOLDEN, name), 'utf8') })
    const file = join(folder, name)
    const { diagnostics } = (await runCli(folder, 'validate', file, '--format', 'json')).json() as {
      diagnostics: { file: string; line: number; column: number; code: string; message: string }[]
    }
    await client.open(file)
    t.strictSame(
      client.shown(file).map(({ range, code, message }) => [range.start.line + 1, range.start.character + 1, code, message]),
      diagnostics.filter((one) => one.file === name).map(({ line, column, code, message }) => [line, column, code, message]),
      name,
    )
  }
})

t.test('names over included files: definition, references, rename that keeps comments and format', async (t) => {
  const dir = testdir(t, { 'openclaw.yaml': ROOT, 'team.yaml': TEAM, '.env': 'T=t' })
  const [root, team] = [join(dir, 'openclaw.yaml'), join(dir, 'team.yaml')]
  const client = await startLsp(t, dir)
  t.strictSame(await client.open(team), [])
  await client.open(root)
  const placeOf = (text: string, word: string) => {
    const before = text.slice(0, text.indexOf(word) + 1).split('\n')
    return { position: { line: before.length - 1, character: before.at(-1)?.length ?? 1 } }
  }
  const [definition] = await client.ask<Location[]>('textDocument/definition', team, placeOf(TEAM, 'main\n'))
  t.equal(definition?.uri, pathToFileURL(root).href)
  t.equal(definition?.range.start.line, 2)
  const references = await client.ask<Location[]>('textDocument/references', team, {
    ...placeOf(TEAM, 'scout:'),
    context: { includeDeclaration: true },
  })
  t.equal(references.length, 3)
  const renamed = async (file: string, text: string, word: string, newName: string): Promise<Record<string, string>> => {
    const { changes = {} } = await client.ask<WorkspaceEdit>('textDocument/rename', file, { ...placeOf(text, word), newName })
    return Object.fromEntries(
      [
        [root, ROOT],
        [team, TEAM],
      ].map(([path = '', before = '']) => [path, applied(before, changes[pathToFileURL(path).href] ?? [])]),
    )
  }
  const scout = await renamed(team, TEAM, 'scout:', 'reader')
  t.equal(scout[root], ROOT.replaceAll('scout', 'reader'))
  t.equal(scout[team], TEAM.replaceAll('scout', 'reader'))
  const channel = await renamed(root, ROOT, 'telegram:', 'tg')
  t.equal(
    channel[root],
    ROOT.replaceAll('telegram', 'tg').replace('    token', '    type: telegram\n    token'),
    'the type that the name said is written',
  )
  const link = await renamed(root, ROOT, 'zoe:', 'zoey')
  t.equal(link[root], ROOT.replaceAll('zoe', 'zoey'))
  const model = await renamed(root, ROOT, 'api:', 'cloud')
  t.equal(model[root], ROOT.replace('api/m', 'cloud/m').replace('  api:', '  cloud:'))
  await t.rejects(client.ask('textDocument/rename', team, { ...placeOf(TEAM, 'scout:'), newName: 'main' }), /already/)
})

t.test('completion, hover, lenses, corrections, symbols and format', async (t) => {
  const dir = testdir(t, { 'openclaw.yaml': ROOT, 'team.yaml': TEAM, '.env': 'T=t' })
  const [root, team] = [join(dir, 'openclaw.yaml'), join(dir, 'team.yaml')]
  const client = await startLsp(t, dir)
  await client.open(root)
  await client.open(team)
  const labels = async (file: string, marked: string): Promise<readonly string[]> => {
    const { text, position } = client.at(marked)
    await client.change(file, text)
    return (await client.ask<CompletionItem[]>('textDocument/completion', file, { position })).map(({ label }) => label)
  }
  t.ok((await labels(team, TEAM.replace('    soul: Hi.\n', '    |\n'))).includes('permissions'), 'keys on an empty line')
  t.notOk(
    (await labels(team, TEAM.replace('    rateLimit', '    |\n    rateLimit'))).includes('soul'),
    'not what stands there already',
  )
  t.strictSame(await labels(team, TEAM.replace('agentId: scout', 'agentId: |')), ['main', 'scout'])
  t.strictSame(
    await labels(team, TEAM.replace('agentId: scout }', 'agentId: s|')),
    ['main', 'scout'],
    'brackets that nobody closed',
  )
  t.strictSame(await labels(team, TEAM.replace('channelId: telegram', 'channelId: [tele|]')), ['telegram', 'http'])
  t.ok((await labels(team, `${TEAM}    - { ch|`)).includes('chat'), 'keys in brackets')
  t.strictSame(await labels(team, `${TEAM}    - chat: |`), ['direct', 'group', 'thread'])
  t.ok((await labels(root, ROOT.replace('    token:', '    |\n    token:'))).includes('webhookUrl'), 'keys of a channel’s type')
  t.ok((await labels(root, `${ROOT}defaults:\n  tools: [ba|`)).includes('bash'))
  t.ok((await labels(root, ROOT.replace('model: api/m', 'model: cl|'))).includes('claude-sonnet-5-5'))
  await client.change(root, ROOT)
  await client.change(team, TEAM)

  const words = async (file: string, text: string, word: string): Promise<string> => {
    const { position } = client.at(text.replace(word, `|${word}`))
    const found = await client.ask<Hover | null>('textDocument/hover', file, { position })
    return found === null ? '' : (found.contents as { value: string }).value
  }
  t.match(await words(team, TEAM, 'maxMessagesPerHour'), /In force: `5`, from .*team\.yaml:4/)
  t.match(await words(root, ROOT, 'token:'), /In force: `\*\*\*`/, 'no secret is shown')
  t.match(await words(team, TEAM, 'scout }'), /agent \*\*scout\*\*[\s\S]*Mode: ask/)

  const lenses = await client.ask<CodeLens[]>('textDocument/codeLens', team)
  t.strictSame(
    lenses.map(({ range, command }) => [range.start.line, command?.title]),
    [
      [7, 'reached by those in allowFrom on telegram, owners on telegram · 1 test'],
      [1, 'reached by those in allowFrom on telegram, owners on telegram · 1 test'],
    ],
  )
  const [problem] = await client.change(team, TEAM.replace('agentId: scout', 'agentId: scuot'))
  const [fix] = await client.ask<CodeAction[]>('textDocument/codeAction', team, {
    range: problem?.range,
    context: { diagnostics: [problem] },
  })
  t.equal(fix?.title, 'Change to scout')
  t.equal(applied(TEAM.replace('agentId: scout', 'agentId: scuot'), Object.values(fix?.edit?.changes ?? {})[0] ?? []), TEAM)
  const symbols = await client.ask<DocumentSymbol[]>('textDocument/documentSymbol', team)
  t.strictSame(
    symbols.map(({ name }) => name),
    ['agents', 'routing'],
  )
  await client.change(team, 'agents:   {main:   {soul: x}} # c\n')
  const [edit] = await client.ask<TextEdit[]>('textDocument/formatting', team)
  t.equal(edit?.newText, 'agents: { main: { soul: x } } # c\n')
})

t.test('while a text is broken the last good one answers, and no text ends the server', async (t) => {
  const dir = testdir(t, { 'openclaw.yaml': ROOT, 'team.yaml': TEAM, '.env': 'T=t' })
  const root = join(dir, 'openclaw.yaml')
  const client = await startLsp(t, dir)
  await client.open(root)
  await fc.assert(
    fc.asyncProperty(fc.nat(ROOT.length), fc.constantFrom('', '{', '"', '- [', '\n  :', '|\n', '\t'), async (cut, tail) => {
      const text = ROOT.slice(0, cut) + tail
      await client.change(root, text)
      const lines = text.split('\n')
      const position = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 }
      for (const method of ['completion', 'hover', 'definition', 'codeLens', 'documentSymbol', 'formatting'])
        await client.ask(`textDocument/${method}`, root, { position, options: {} })
    }),
    { numRuns: 80 },
  )
  const broken = client.at(`${ROOT}  : {\nrouting:\n  defaultAgent: |`)
  await client.change(root, broken.text)
  const items = await client.ask<CompletionItem[]>('textDocument/completion', root, { position: broken.position })
  t.strictSame(
    items.map(({ label }) => label),
    ['main', 'scout'],
  )
  t.equal(client.process.exitCode, null)
})

/** Edits of one file put into its text, last first. */
function applied(text: string, edits: readonly TextEdit[]): string {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  const offset = ({ line, character }: { line: number; character: number }): number => (starts[line] ?? text.length) + character
  return [...edits]
    .sort((a, b) => offset(b.range.start) - offset(a.range.start))
    .reduce((sum, { range, newText }) => sum.slice(0, offset(range.start)) + newText + sum.slice(offset(range.end)), text)
}
