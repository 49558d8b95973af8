// `claw chat [--agent A] [--user U]`: talks to the running engine as the owner at this machine; where none runs, it starts
// one inside itself. On a terminal replies stream and approvals are asked in place; piped, each line is one message.

import { userInfo } from 'node:os'
import { createInterface, type Interface } from 'node:readline'
import { ClawError, EXIT } from '../errors.ts'
import { headOf } from '../text-cut.ts'
import { connectTerminal, type TerminalLine } from './chat-line.ts'
import { clientOf, reach, unreachedError, whereabouts } from './client.ts'
import { type Io, type Options, paint, type Verb, type VerbIo } from './io.ts'
import { terminalText } from './table.ts'

export interface Gateway {
  readonly url: string
  readonly ownerSecret: string
  stop(): Promise<void>
}

export interface Who {
  readonly user?: string
  readonly agent?: string
}

export const run: Verb = async (_args, options, io) => {
  const { agent, user } = options
  const gateway = await connectOrStart(options, io)
  try {
    return await converse(gateway, io, {
      ...(typeof agent === 'string' ? { agent } : {}),
      ...(typeof user === 'string' ? { user } : {}),
    })
  } finally {
    await gateway.stop()
  }
}

/** For a program that holds the engine itself: `claw run --open-chat`. */
export async function chatWith(
  claw: { readonly gateway: { readonly url: string } | null; readonly ownerSecret: string },
  io: Io,
  who: Who = {},
): Promise<number> {
  if (claw.gateway === null) throw new ClawError('this engine has no gateway to talk to', { exitCode: EXIT.invalid })
  return await converse({ url: claw.gateway.url, ownerSecret: claw.ownerSecret }, io, who)
}

/** The engine that runs for this file, else one of our own. */
export async function connectOrStart(options: Options, io: VerbIo): Promise<Gateway> {
  const { stateDir } = await whereabouts(options, io)
  const reached = await reach(options.config, stateDir, io)
  const running = reached.client
  // One that holds the folder, or runs elsewhere, is said; a second one beside it would not be the same bot.
  if (reached.client === null && reached.unreached.why !== 'not-running') throw unreachedError(reached.unreached, stateDir)
  if (running !== null) return { url: running.gateway.url, ownerSecret: running.gateway.ownerSecret, stop: async () => {} }
  const [{ startClaw }, { createLogger }, { createKnownSecrets }, { renderProblems }] = await Promise.all([
    import('../start.ts'),
    import('../log.ts'),
    import('../permissions/redact.ts'),
    import('./plan-loading.ts'),
  ])
  const secrets = createKnownSecrets()
  const log = createLogger({
    level: 'error',
    human: io.isTerminal?.err === true,
    write: (line) => io.err(line),
    redact: secrets.redact,
  })
  const claw = await startClaw({
    file: options.config,
    env: io.env,
    registry: io.registry,
    log,
    secrets,
    anyPort: true,
  }).catch(async (error: unknown) => {
    if (error instanceof ClawError) {
      const problems = error.diagnostics.filter((one) => one.severity === 'error')
      if (problems.length > 0) io.err(await renderProblems(problems, options.config, io))
    }
    throw error
  })
  if (claw.gateway === null) throw new ClawError('the engine has no gateway to talk to', { exitCode: EXIT.invalid })
  if (io.stdin.isTTY === true) io.err(paint(io, 'dim', 'no engine was running; one runs here until you leave\n'))
  return { url: claw.gateway.url, ownerSecret: claw.ownerSecret, stop: () => claw.stop() }
}

async function converse(gateway: Pick<Gateway, 'url' | 'ownerSecret'>, io: Io, who: Who): Promise<number> {
  const client = clientOf({ ...gateway, port: 0, pid: 0 })
  const { channels } = await client.ask<{ channels: readonly { id: string; type: string }[] }>('/status')
  const channel = ['webchat', 'http'].flatMap((type) => channels.find((one) => one.type === type) ?? [])[0]
  if (channel === undefined)
    throw new ClawError('no channel of type webchat or http is on; write "webchat: {}" under channels', {
      exitCode: EXIT.invalid,
    })
  const talk = createTalk(io, who.agent)
  const line = await connectTerminal({
    url: gateway.url,
    secret: gateway.ownerSecret,
    channelId: channel.id,
    ...(who.user === undefined ? {} : { userId: who.user }),
    fallbackUserId: localUser(),
    ...(who.agent === undefined ? {} : { agentId: who.agent }),
    show: talk,
  })
  return io.stdin.isTTY === true ? await interactive(line, io) : await piped(line, io)
}

function localUser(): string {
  try {
    return userInfo().username
  } catch {
    return 'me'
  }
}

const ANSWERS: Readonly<Record<string, 'once' | 'always' | 'deny'>> = {
  y: 'once',
  yes: 'once',
  a: 'always',
  always: 'always',
  n: 'deny',
  no: 'deny',
  deny: 'deny',
}
const answerIn = (text: string): 'once' | 'always' | 'deny' | undefined => {
  const key = text.trim().toLowerCase()
  return Object.hasOwn(ANSWERS, key) ? ANSWERS[key] : undefined
}

/** Each line is a message; the next is sent when the reply is there. `y`, `a` or `n` right after one that asks is the answer. */
async function piped(line: TerminalLine, io: Io): Promise<number> {
  let failed = false
  const waiting: string[] = []
  let ended = false
  let wake = (): void => {}
  const input = createInterface({ input: io.stdin, crlfDelay: Number.POSITIVE_INFINITY })
  input.on('line', (text) => {
    if (text.trim() !== '') waiting.push(text)
    wake()
  })
  input.on('close', () => {
    ended = true
    wake()
  })
  const answerFromInput = (): void => {
    const decision = waiting[0] === undefined || line.question() === undefined ? undefined : answerIn(waiting[0])
    if (decision === undefined) return
    waiting.shift()
    line.decide(decision)
  }
  line.onQuestion(answerFromInput)
  for (;;) {
    const text = waiting.shift()
    if (text === undefined) {
      if (ended) break
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      continue
    }
    if (text.trim() === '/quit') break
    wake = answerFromInput
    const reply = await line.send(text)
    if (reply.ok) io.out(`${terminalText(reply.text)}\n`)
    else {
      failed = true
      io.err(`claw: ${terminalText(reply.text)}\n`)
      if (reply.lost) break
    }
  }
  input.close()
  await line.close()
  return failed ? EXIT.invalid : EXIT.ok
}

async function interactive(line: TerminalLine, io: Io): Promise<number> {
  const input = createInterface({ input: io.stdin, output: process.stdout, prompt: paint(io, 'bold', '> ') })
  io.out(paint(io, 'dim', 'Say something; /help lists commands, /quit leaves.\n'))
  line.onQuestion(() => prompt(input, line, io))
  let leaving = false
  let exitCode: number = EXIT.ok
  const lost = line.closed.then(() => {
    if (leaving) return
    exitCode = EXIT.invalid
    io.err(paint(io, 'red', 'the engine went away\n'))
  })
  const quit = new Promise<void>((resolve) => {
    input.on('SIGINT', resolve)
    input.on('close', resolve)
    input.on('line', (text) => {
      const words = text.trim()
      if (words === '/quit') return resolve()
      const decision = answerIn(words)
      if (line.question() !== undefined && decision !== undefined) line.decide(decision)
      else if (words !== '' && line.question() === undefined) void line.send(words).then(() => leaving || prompt(input, line, io))
      else prompt(input, line, io)
    })
  })
  prompt(input, line, io)
  await Promise.race([quit, lost])
  leaving = true
  input.close()
  await line.close()
  return exitCode
}

function prompt(input: Interface, line: TerminalLine, io: Io): void {
  const asks = line.question() !== undefined
  input.setPrompt(asks ? paint(io, 'yellow', 'y once, a always, n deny > ') : paint(io, 'bold', '> '))
  input.prompt()
}

/** How replies and tools look on a terminal; piped, only whole replies are printed, by the one who sent the line. */
function createTalk(io: Io, agent: string | undefined): Parameters<typeof connectTerminal>[0]['show'] {
  const live = io.stdin.isTTY === true
  let streamed = ''
  const dim = (text: string): void => io.out(paint(io, 'dim', `${terminalText(text)}\n`))
  const breakLine = (): void => {
    if (streamed !== '' && !streamed.endsWith('\n')) io.out('\n')
  }
  return {
    chunk(text, name) {
      if (!live) return
      if (streamed === '') io.out(`${paint(io, 'cyan', name ?? agent ?? 'claw')} `)
      streamed += text
      io.out(terminalText(text))
    },
    tool(name, input) {
      if (!live) return
      breakLine()
      streamed = ''
      dim(`  ${name} ${headOf(input, 200)}`)
    },
    toolResult(content, isError) {
      if (live) dim(`  ${isError ? 'failed: ' : ''}${headOf(content.split('\n')[0] ?? '', 200)}`)
    },
    question(text, reason, agentId, toolName, own) {
      breakLine()
      streamed = ''
      const ask = own ? `${agentId} wants to use ${toolName}:` : `${agentId} asks in another session (claw approvals list):`
      const write = live ? io.out : io.err
      write(
        `${paint(io, 'yellow', ask)}\n    ${text.split('\n').map(terminalText).join('\n    ')}\n${paint(io, 'dim', `    ${terminalText(reason)}`)}\n`,
      )
    },
    reply(text, agentName, isError) {
      if (live && (isError || streamed.trim() !== text.trim())) {
        breakLine()
        io.out(
          `${isError ? paint(io, 'red', terminalText(text)) : `${paint(io, 'cyan', agentName ?? 'claw')} ${terminalText(text)}`}\n`,
        )
      } else breakLine()
      streamed = ''
    },
    push(text, agentName) {
      breakLine()
      io.out(`${paint(io, 'cyan', agentName ?? 'claw')} ${terminalText(text)}\n`)
    },
  }
}
