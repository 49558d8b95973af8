// claw init [folder] [--yes]: asks a few questions and writes a working folder. What is there already is never touched.

import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { ClawError, EXIT } from '../errors.ts'
import { packageRoot } from '../resources.ts'
import { type Answers, filesFor } from './init-files.ts'
import { type Io, paint, printJson, usage, type Verb } from './io.ts'

export const run: Verb = async (args, options, io) => {
  if (args.length > 1) return usage(io, 'name one folder: claw init [folder]')
  const folder = resolve(io.cwd, args[0] ?? '.')
  if ((await stat(join(folder, 'openclaw.yaml')).catch(() => null)) !== null) {
    io.err(`claw: ${join(folder, 'openclaw.yaml')} is there already; nothing was written\n`)
    return EXIT.invalid
  }
  const { answers, secrets } = options['yes'] === true ? { answers: DEFAULTS, secrets: [] } : await ask(io)
  const files = new Map(filesFor(answers, await material()))
  if (secrets.length > 0) files.set('.env', secrets.map(([name, value]) => `${name}=${quoteEnv(value)}\n`).join(''))

  const written: string[] = []
  const kept: string[] = []
  for (const [path, text] of files) ((await writeNew(join(folder, path), text)) ? written : kept).push(path)
  if (options.format === 'json') printJson(io, { folder, written, kept })
  else report(io, folder, written, kept, secrets)
  return EXIT.ok
}

const DEFAULTS: Answers = { name: 'Jarvis', owner: 'me' }

async function material(): Promise<{ schema: string; script: string }> {
  const read = (path: string): Promise<string> => readFile(join(packageRoot(), path), 'utf8')
  return { schema: await read('schema/openclaw.schema.json'), script: await read('examples/demo.script.yaml') }
}

/** False: something stands there. */
async function writeNew(path: string, text: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text, { flag: 'wx', mode: path.endsWith('.env') ? 0o600 : 0o644 })
    return true
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    throw new ClawError(`${path} cannot be written: ${message}`, { exitCode: EXIT.invalid, cause: error })
  }
}

type SecretValue = readonly [name: string, value: string]

async function ask(io: Io): Promise<{ answers: Answers; secrets: readonly SecretValue[] }> {
  const prompt = await openPrompt(io)
  try {
    const name = await prompt.text('What is your bot called?', DEFAULTS.name, (text) =>
      text.length <= 60 && !/[\r\n]/.test(text) ? null : 'At most 60 characters.',
    )
    const owner = await prompt.text('And you, in one word?', DEFAULTS.owner, ownerProblem)
    const key = await prompt.text('Your Anthropic API key (Enter: none yet, a scripted demo answers)', '', noBlank)
    const secrets: SecretValue[] = key === '' ? [] : [['ANTHROPIC_API_KEY', key]]
    if (!(await prompt.yes('Shall it be on Telegram?'))) return { answers: { name, owner }, secrets }
    const token = await prompt.text('The bot token from @BotFather (Enter: later)', '', noBlank)
    if (token !== '') secrets.push(['TELEGRAM_BOT_TOKEN', token])
    const userId = await prompt.text('Your own Telegram id, a number (Enter: you will pair)', '', (text) =>
      text === '' || /^[0-9]{1,20}$/.test(text) ? null : 'It is a number; @userinfobot tells yours.',
    )
    return { answers: { name, owner, telegram: { ready: token !== '', ...(userId === '' ? {} : { userId }) } }, secrets }
  } finally {
    prompt.close()
  }
}

const noBlank = (text: string): string | null => (/\s/.test(text) ? 'Without blanks, please.' : null)

/** Links may not be named like a channel or one of the words that session keys use. */
const TAKEN = new Set(['main', 'spawn', 'cron', 'http', 'webchat', 'telegram'])
const ownerProblem = (text: string): string | null =>
  /^[A-Za-z][A-Za-z0-9_-]{0,40}$/.test(text) && !TAKEN.has(text.toLowerCase())
    ? null
    : 'One word of letters, digits, dash and underscore; not the name of a channel.'

/** A value that holds a quote or a sign that .env readers take for something else is quoted. */
const quoteEnv = (value: string): string => (/^[\w.:/+=-]+$/.test(value) ? value : `'${value.replaceAll("'", '')}'`)

interface Prompt {
  text(question: string, fallback: string, problem: (text: string) => string | null): Promise<string>
  yes(question: string): Promise<boolean>
  close(): void
}

/** Reads lines from a terminal or a pipe alike; where the input ends, the defaults stand. */
async function openPrompt(io: Io): Promise<Prompt> {
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: io.stdin, terminal: false })
  const next = lines[Symbol.asyncIterator]()
  let ended = false
  const line = async (question: string): Promise<string> => {
    io.out(question)
    if (ended) return ''
    const { value, done } = await next.next()
    if (done === true) {
      ended = true
      io.out('\n')
      return ''
    }
    return String(value).trim()
  }
  return {
    async text(question, fallback, problem) {
      for (;;) {
        const answer = (await line(`${question}${fallback === '' ? '' : ` [${fallback}]`} `)) || fallback
        const wrong = problem(answer)
        if (wrong === null) return answer
        if (ended) return fallback
        io.out(`  ${wrong}\n`)
      }
    },
    yes: async (question) => /^y(es)?$/i.test(await line(`${question} [y/N] `)),
    close: () => lines.close(),
  }
}

function report(
  io: Io,
  folder: string,
  written: readonly string[],
  kept: readonly string[],
  secrets: readonly SecretValue[],
): void {
  for (const path of written) io.out(`${paint(io, 'green', 'wrote')} ${path}\n`)
  for (const path of kept) io.out(`${paint(io, 'yellow', 'kept ')} ${path}, which was there\n`)
  if (kept.includes('.env') && secrets.length > 0) io.out(`\nAdd to .env yourself: ${secrets.map(([name]) => name).join(', ')}\n`)
  if (kept.includes('.gitignore')) io.out('\nSee that .gitignore lists .env and .openclaw/\n')
  const inside = relative(io.cwd, folder)
  io.out(`\nNext:\n${inside === '' ? '' : `  cd ${inside}\n`}  claw validate\n  claw run --open-chat\n`)
}
