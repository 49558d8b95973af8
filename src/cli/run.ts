// `claw run`: starts everything, reloads on save and SIGHUP, drains on SIGTERM and SIGINT.

import { ClawError, EXIT, hasErrors, messageOf } from '../errors.ts'
import { createLogger } from '../log.ts'
import { createKnownSecrets } from '../permissions/redact.ts'
import { ownerIdOn } from '../plan/admission.ts'
import type { Plan } from '../plan/plan.ts'
import { type Claw, startClaw } from '../start.ts'
import { boundHeap } from './heap.ts'
import { type Io, pageLink, paint, type Verb, type VerbIo } from './io.ts'

export const run: Verb = async (_args, options, io) => {
  const human = io.isTerminal?.err === true
  const secrets = createKnownSecrets()
  const level = typeof options['logLevel'] === 'string' ? options['logLevel'] : 'info'
  const log = createLogger({ level, human, write: (line) => io.err(line), redact: secrets.redact })
  const signals = listenForSignals()
  let claw: Claw
  try {
    claw = await startClaw({
      file: options.config,
      env: io.env,
      registry: io.registry,
      log,
      lastGood: options['lastGood'] === true,
      secrets,
    })
  } catch (error) {
    signals.off()
    if (error instanceof ClawError && error.diagnostics.length > 0)
      io.err(await problemsText(error.diagnostics, options.config, io))
    throw error
  }
  if (hasErrors(claw.diagnostics)) io.err(await problemsText(claw.diagnostics, options.config, io))
  greet(io, claw)
  boundHeap(io.env)
  return await untilStopped(claw, signals, options['openChat'] === true, io)
}

/** Loads what it needs only where there are problems to tell. */
const problemsText: typeof import('./plan-loading.ts').renderProblems = async (...args) =>
  (await import('./plan-loading.ts')).renderProblems(...args)

function greet(io: Io, claw: Claw): void {
  const { plan } = claw.engine
  const lines = [
    `${paint(io, 'bold', 'claw')} runs ${plan.agents.size} agent${plan.agents.size === 1 ? '' : 's'}: ${[...plan.agents.values()].map((agent) => agent.name).join(', ')}`,
  ]
  if (claw.gateway !== null) {
    lines.push(`  page     ${pageLink(claw.gateway.url, claw.ownerSecret, io)}`)
    const chat = chatCall(plan, claw.gateway.url)
    if (chat !== null) lines.push(`  chat     ${chat}`)
  }
  for (const [id, why] of offlineAgents(plan)) lines.push(paint(io, 'yellow', `  ${id} answers from ${why}`))
  for (const { message, hint } of claw.diagnostics.filter(({ code, severity }) => code === 'CLAW009' && severity === 'warning'))
    lines.push(paint(io, 'yellow', `  ${message}${hint === undefined ? '' : ` ${hint}`}`))
  io.out(`${lines.join('\n')}\n`)
}

/** A call that gets an answer as it stands, but for the token; null where no channel takes calls. */
function chatCall(plan: Plan, url: string): string | null {
  const open = [...plan.channels.values()].filter((channel) => channel.enabled)
  const channel =
    open.find(({ id, type }) => id === 'http' && type === 'http') ??
    open.find(({ type }) => type === 'http') ??
    open.find(({ type }) => type === 'webchat')
  if (channel === undefined) return null
  const named = channel.id === 'http' ? {} : { channel_id: channel.id }
  const body = JSON.stringify({ user_id: ownerIdOn(plan, channel.id) ?? 'me', ...named, message: 'hello' })
  const token = plan.gateway.token?.isSet === true ? " -H 'authorization: Bearer TOKEN'" : ''
  return `curl ${url}/chat -H 'content-type: application/json'${token} -d '${body.replaceAll("'", "'\\''")}'`
}

/** Agents that use their stand-in because no key is set. */
function offlineAgents(plan: Plan): readonly (readonly [string, string])[] {
  return [...plan.agents.values()].flatMap((agent) => {
    const spec = plan.models.get(agent.model.provider)
    const hasKey = spec === undefined || spec.traits?.keyless === true || spec.apiKey?.isSet === true
    if (hasKey || agent.offline === undefined) return []
    return [
      [
        agent.id,
        `the scripted model ${agent.offline.provider}, as no key is set for ${agent.model.provider} (ANTHROPIC_API_KEY)`,
      ] as const,
    ]
  })
}

interface Signals {
  /** Takes over: what was asked for while the engine started is done now. */
  on(stop: () => void, reload: () => void, rereadHalts: () => void): void
  off(): void
}

/** Listens from the first moment on: a supervisor may ask to stop as soon as the gateway answers, or before. */
function listenForSignals(): Signals {
  let asked = false
  let stop = (): void => {
    asked = true
  }
  let reload = (): void => {}
  // Without an engine there is nothing to end; it reads the record when it starts.
  let rereadHalts = (): void => {}
  const onStop = (): void => stop()
  const onReload = (): void => reload()
  const onHalts = (): void => rereadHalts()
  process.on('SIGTERM', onStop).on('SIGINT', onStop).on('SIGHUP', onReload).on('SIGUSR2', onHalts)
  return {
    on(nextStop, nextReload, nextRereadHalts) {
      stop = nextStop
      reload = nextReload
      rereadHalts = nextRereadHalts
      if (asked) stop()
    },
    off: () => void process.off('SIGTERM', onStop).off('SIGINT', onStop).off('SIGHUP', onReload).off('SIGUSR2', onHalts),
  }
}

async function untilStopped(claw: Claw, signals: Signals, openChat: boolean, io: VerbIo): Promise<number> {
  return await new Promise<number>((resolve) => {
    let stopping = false
    const stop = (): void => {
      // A second signal: anyone who sends it does not want to wait.
      if (stopping) process.exit(EXIT.ok)
      stopping = true
      void claw.stop().then(() => {
        signals.off()
        resolve(EXIT.ok)
      })
    }
    signals.on(
      stop,
      () => {
        if (!stopping) void claw.engine.reload()
      },
      () => void claw.engine.rereadHalts().catch((error: unknown) => io.err(`claw: ${messageOf(error)}\n`)),
    )
    if (openChat && io.stdin.isTTY === true) {
      void import('./chat.ts').then(({ chatWith }) => chatWith(claw, io)).then(stop)
    }
  })
}
