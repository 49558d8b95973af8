// A small engine in memory that behaves: routes by prefix, keeps transcripts, streams, asks for approval when told to
// "run ...", answers a repeated message from memory. For tests of what stands around the engine.

import type { ApprovalView, EngineEvent, SaidMessage } from '../../src/agent/events.ts'
import type { InboundMessage, SendContext } from '../../src/channels/port.ts'
import { Hub } from '../../src/engine/hub.ts'
import type { Accepted, Engine, Refused, Status } from '../../src/engine/port.ts'
import { admission } from '../../src/plan/admission.ts'
import type { GatewayPlan, Plan } from '../../src/plan/plan.ts'
import { Secret } from '../../src/plan/plan.ts'
import { sessionKey } from '../../src/plan/session-key.ts'
import { silentLogger } from '../../src/ports.ts'
import type { StoredAnswer, TranscriptEntry } from '../../src/storage/ports.ts'
import { makePlan } from './make-plan.ts'

const AGENT_RENAMED = { action: 'change', kind: 'agent', id: 'main', fields: ['name'], line: 3 }

export function fakePlan(gateway: Partial<GatewayPlan> & { tokenText?: string } = {}, stateDir = '/nowhere'): Plan {
  const { tokenText, ...rest } = gateway
  const agent = { model: { provider: 'demo', model: 'scripted' }, tools: ['bash', 'read_file'], sandbox: 'off' } as const
  return makePlan({
    configHash: 'aaaa',
    stateDir,
    gateway: {
      maxBodyBytes: 64_000,
      maxConnections: 16,
      ...(tokenText === undefined ? {} : { token: new Secret(tokenText) }),
      ...rest,
    },
    agents: {
      main: { ...agent, name: 'Jarvis', description: 'Jarvis helps' },
      researcher: { ...agent, name: 'Scout', description: 'Scout helps' },
    },
    owners: ['webchat:mehdi'],
    channels: {
      http: { streaming: 'edit' },
      webchat: { streaming: 'edit' },
      bridge: { type: 'socket', streaming: 'edit', settings: { secret: new Secret('bridge-secret') } },
      telegram: { streaming: 'edit' },
    },
    rules: [{ priority: 100, agentId: 'researcher', prefix: '/research' }],
    heartbeats: [
      {
        name: 'morning-check',
        schedule: '30 7 * * *',
        timezone: 'Europe/Paris',
        agentId: 'main',
        prompt: "Summarize today's meetings",
        deliverTo: { channelId: 'webchat', userId: 'mehdi' },
      },
    ],
  })
}

export interface FakeEngine extends Engine {
  setPlan(plan: Plan): void
  emit(event: EngineEvent): void
  /** Turns that ran, to see that a repeated message runs once. */
  readonly turns: number
  readonly webhooks: readonly { channelId: string; body: string }[]
  /** Lets every turn wait until released. */
  hold(): () => void
}

/** Texts it knows: `/research X` (other agent), `run CMD` (asks), `slow`, `refuse CODE`, `/stop all`; else it echoes. */
export function createFakeEngine(first: Plan): FakeEngine {
  let plan = first
  let generation = 1
  let turns = 0
  let halted = false
  let gate: Promise<void> = Promise.resolve()
  const hub = new Hub(silentLogger)
  const known = new Map<string, Accepted>()
  const answers = new Map<string, Promise<StoredAnswer>>()
  const transcripts = new Map<string, TranscriptEntry[]>()
  const open = new Map<string, { view: ApprovalView; settle: (decision: string) => void }>()
  const lanes = new Map<string, Promise<unknown>>()
  const webhooks: { channelId: string; body: string }[] = []
  /** Replies for programs connected as channels, in the order in which they were said. */
  let held: SaidMessage[] = []
  let pusher: Parameters<Engine['setPusher']>[0] | null = null
  const flush = async (): Promise<void> => {
    const waiting = held
    held = []
    for (const { attachments: _, ...message } of waiting)
      await (pusher?.(message, contextOf(message)) ?? Promise.reject(new Error('nobody'))).catch(() => held.push(message))
  }
  const emit = (event: EngineEvent): void => {
    if (event.type === 'outbound' && plan.channels.get(event.message.channelId)?.type === 'socket') {
      held.push(event.message)
      void flush()
    }
    hub.emit(event)
  }
  const startedAt = new Date().toISOString()

  async function runTurn(message: InboundMessage, content: string, accepted: Accepted): Promise<StoredAnswer> {
    const { sessionKey: key, agentId, messageId } = accepted
    const run = `run-${++turns}`
    const base = { sessionKey: key, agentId, run }
    emit({ type: 'turn_start', messageIds: [messageId], ...base })
    await gate
    let response = `You said: ${content}`
    const command = /^run (.+)$/s.exec(content)?.[1]
    if (command !== undefined) response = await runTool(command, base)
    const size = Math.max(12, Math.ceil(response.length / 100))
    const pieces = response.match(new RegExp(`.{1,${size}}`, 'gs')) ?? []
    for (const [sequence, text] of pieces.entries()) {
      emit({ type: 'chunk', text, sequence, messageIds: [messageId], ...base })
      await new Promise((resolve) => setImmediate(resolve))
    }
    const timestamp = new Date().toISOString()
    const list = transcripts.get(key) ?? []
    list.push(
      { id: `${run}-u`, role: 'user', content, timestamp, userId: message.userId },
      { id: `${run}-a`, role: 'assistant', content: response, timestamp },
    )
    transcripts.set(key, list)
    emit({ type: 'turn_end', messageIds: [messageId], text: response, isError: false, durationMs: 5, ...base })
    setImmediate(() => {
      const { channelId, userId, groupId } = message
      emit({
        type: 'outbound',
        message: {
          channelId,
          userId,
          ...(groupId === undefined ? {} : { groupId }),
          replyTo: messageId,
          content: response,
          sessionKey: key,
          agentId,
        },
        answers: [messageId],
        at: Date.now(),
      })
    })
    return { agentId, session: key, messageId, response }
  }

  async function runTool(command: string, base: { sessionKey: string; agentId: string; run: string }): Promise<string> {
    const input = { command }
    emit({ type: 'tool_execute', toolUseId: `${base.run}-t`, toolName: 'bash', input, ...base })
    const now = Date.now()
    const view: ApprovalView = {
      id: `ap${turns}`,
      agentId: base.agentId,
      sessionKey: base.sessionKey,
      toolName: 'bash',
      input,
      reason: 'rm is not on the safe list',
      text: command.replace(/[\u202a-\u202e]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`),
      cwd: '/bot/workspace',
      createdAt: now,
      expiresAt: now + 600_000,
      canRemember: true,
    }
    const decision = await new Promise<string>((settle) => {
      open.set(view.id, { view, settle })
      emit({ type: 'approval_request', approval: view })
    })
    const ran = decision !== 'deny'
    emit({
      type: 'tool_result',
      toolUseId: `${base.run}-t`,
      toolName: 'bash',
      content: ran ? 'done' : 'refused',
      isError: !ran,
      durationMs: 3,
      ...base,
    })
    return ran ? `Ran \`${command}\` (${decision}).` : 'I was not allowed to run it.'
  }

  return {
    get plan() {
      return plan
    },
    get generation() {
      return generation
    },
    get turns() {
      return turns
    },
    webhooks,
    readFile: async () => null,
    setPusher(push) {
      pusher = push
    },
    setPresence: () => void flush(),
    setPlan(next) {
      plan = next
      generation++
      emit({
        type: 'reload',
        generation,
        ok: true,
        changes: [{ kind: 'gateway' }],
        durationMs: 1,
        diagnostics: [],
        at: Date.now(),
      })
    },
    emit,
    hold() {
      let release = (): void => {}
      gate = new Promise((resolve) => {
        release = resolve
      })
      return release
    },
    start: async () => {},
    stop: async () => {},
    async receive(message, caller, options): Promise<Accepted | Refused> {
      const messageId = message.messageId ?? `m${known.size}`
      const refuse = (code: Refused['code'], reply?: string, reason = 'internal reason'): Refused => ({
        accepted: false,
        code,
        reason,
        messageId,
        ...(reply === undefined ? {} : { reply }),
      })
      if (message.content === '/stop all') return refuse('command', 'Everything is stopped.')
      const code = /^refuse (\w+)$/.exec(message.content)?.[1]
      if (code !== undefined)
        return refuse(
          code as Refused['code'],
          code === 'rate_limit' ? 'That is the limit for now. Try again in 12 minutes.' : undefined,
        )
      if (halted) return refuse('stopped')
      const wish = options?.agentId
      const admitted = admission(plan, message, { vouched: caller.kind, ...(wish === undefined ? {} : { wish }) })
      if (!admitted.admitted && admitted.code === 'unknown_agent') return refuse(admitted.code, undefined, admitted.reason)
      const research = message.content.startsWith('/research ')
      const named = admitted.admitted ? admitted.agentId : undefined
      const agentId = named ?? (research ? 'researcher' : 'main')
      const content = research ? message.content.slice('/research '.length) : message.content
      const key = sessionKey(plan, agentId, message)
      const dedupe = JSON.stringify([message.channelId, message.userId, message.groupId, messageId])
      const before = known.get(dedupe)
      if (before !== undefined) return { ...before, duplicate: true }
      const accepted: Accepted = { accepted: true, duplicate: false, agentId, sessionKey: key, messageId }
      known.set(dedupe, accepted)
      const { channelId, userId, groupId } = message
      emit({
        type: 'inbound',
        sessionKey: key,
        agentId,
        channelId,
        userId,
        messageId,
        content,
        at: Date.now(),
        ...(groupId === undefined ? {} : { groupId }),
      })
      const turn = (lanes.get(key) ?? Promise.resolve()).then(() => runTurn(message, content, accepted))
      lanes.set(key, turn)
      answers.set(`${key}\n${messageId}`, turn)
      return accepted
    },
    isKnown: async ({ channelId, userId, groupId, messageId }) =>
      known.has(JSON.stringify([channelId, userId, groupId, messageId])),
    async waitForAnswer(key, messageId, signal) {
      const answer = answers.get(`${key}\n${messageId}`)
      if (answer === undefined) throw new Error('unknown message')
      return await new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
        answer.then(resolve, reject)
      })
    },
    on: hub.on.bind(hub),
    async status(): Promise<Status> {
      return {
        formatVersion: 1,
        generation,
        configHash: plan.configHash,
        fileHash: plan.configHash,
        lastReload: { at: startedAt, ok: true, durationMs: 12, diagnostics: [] },
        channels: [...plan.channels.values()].map(({ id, type }) => ({ id, type, state: 'connected' })),
        heartbeats: [{ name: 'morning-check', next: '2030-01-01T06:30:00.000Z' }],
        queues: { realtime: 0, scheduled: 0, background: 0 },
        agents: [...plan.agents.values()].map(({ id, name }) => ({
          id,
          name,
          model: 'demo/scripted',
          flow: 'ask' as const,
          stopped: halted,
        })),
        models: [{ id: 'demo', state: 'ok' }],
        stopped: halted,
        startedAt,
        version: '0.0.0',
      }
    },
    reloadSaved: async () => {},
    reload: async () => ({
      ok: true,
      generation: ++generation,
      configHash: plan.configHash,
      durationMs: 3,
      diagnostics: [],
      changes: [],
    }),
    reloadHistory: () => [
      { at: startedAt, ok: true, generation: 1, configHash: 'aaaa', durationMs: 12, diagnostics: [], changes: [AGENT_RENAMED] },
      {
        at: startedAt,
        ok: false,
        generation: 1,
        configHash: 'aaaa',
        durationMs: 4,
        changes: [],
        diagnostics: [
          {
            code: 'CLAW101',
            severity: 'error',
            message: 'Unknown key "agnets"',
            hint: 'Did you mean "agents"?',
            file: '/bot/openclaw.yaml',
            line: 2,
            column: 1,
            endLine: 2,
            endColumn: 7,
            path: '/agnets',
          },
        ],
      },
    ],
    approvals: async () => [...open.values()].map((one) => one.view),
    async decide(id, decision, by) {
      const one = open.get(id)
      if (one === undefined) return { ok: false, missing: true, message: `No question ${id} is open.` }
      if (by.caller.kind !== 'owner' && by.identity !== 'bridge:boss') return { ok: false, message: 'Not an approver.' }
      open.delete(id)
      emit({ type: 'approval_decision', id, decision, by: by.identity ?? by.caller.kind })
      one.settle(decision)
      return { ok: true, message: decision === 'deny' ? 'Refused.' : 'Approved.' }
    },
    sessions: async (filter) =>
      [...transcripts.entries()]
        .map(([key, entries]) => ({
          key,
          agentId: key.split(':')[1] ?? '',
          modified: Date.parse(entries.at(-1)?.timestamp ?? '') || 0,
          bytes: 100 * entries.length,
        }))
        .filter((one) => filter?.agentId === undefined || one.agentId === filter.agentId),
    transcript: async (key) => transcripts.get(key) ?? [],
    interrupt: async () => false,
    async resetSession(key) {
      transcripts.set(key, [])
    },
    async removeSession(key) {
      return { ok: transcripts.delete(key), message: '' }
    },
    tidy: async () => ({ sessions: 0, bytes: 0 }),
    async runHeartbeat(name) {
      if (name !== 'morning-check') return { ok: false, message: `There is no heartbeat "${name}".` }
      emit({ type: 'heartbeat', name, outcome: 'ran', at: Date.now() })
      const message = {
        channelId: 'webchat',
        userId: 'mehdi',
        content: 'Three meetings today.',
        sessionKey: 'cron:morning-check',
        agentId: 'main',
      }
      emit({ type: 'outbound', message, at: Date.now() })
      return { ok: true, message: 'Started.' }
    },
    people: async () => [],
    removePerson: async (id) => ({ removed: [], inFile: false, message: `There is no ${id}.` }),
    async halt(agentId, by) {
      halted = true
      emit({ type: 'stopped', by, ...(agentId === undefined ? {} : { agentId }) })
    },
    async rereadHalts() {},
    async resume(agentId, by) {
      halted = false
      emit({ type: 'resumed', by, ...(agentId === undefined ? {} : { agentId }) })
    },
    usage: async () => [
      { day: '2026-01-02', agentId: 'main', by: 'user:http:ann', input: 1200, output: 340, calls: 3, cost: 0.0123 },
    ],
    metrics: () =>
      new Map([
        ['turns_total', turns],
        ['messages_total{channel="http"}', 2],
        ['messages_total{channel="webchat"}', 1],
      ]),
    async webhook(channelId, request) {
      if (channelId !== 'telegram') return null
      webhooks.push({ channelId, body: request.body.toString() })
      return { status: 202, headers: { 'x-seen': request.method }, body: request.query.get('q') ?? '' }
    },
  }
}

const contextOf = (message: SaidMessage): SendContext => ({
  idempotencyKey: `key-${message.replyTo ?? message.content}`,
  possiblyRepeated: false,
  signal: new AbortController().signal,
})
