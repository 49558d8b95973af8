// The tests of a plan in; what held, what did not and where, and what no test touched, out.

import { durationMs } from '../config/durations.ts'
import { shellPolicy } from '../permissions/policy.ts'
import { judgeCommand } from '../permissions/shell/verdict.ts'
import { admission, routeMessage } from '../plan/admission.ts'
import type { ModelRef, Place, Plan } from '../plan/plan.ts'
import { heartbeatSessionKey } from '../plan/session-key.ts'
import { loadPatterns } from '../plan/text-match.ts'
import type { Registry } from '../registry.ts'
import { type Coverage, createCoverage, isHeartbeatRun, type Places } from './coverage.ts'
import { differences, type Seen } from './expect.ts'
import { type Step, stepsOf, type TestSpec } from './spec.ts'
import { createStages, type Stage, type Stages } from './stage.ts'

export interface TestResult {
  readonly name: string
  readonly ok: boolean
  /** Why it was not run. */
  readonly skipped?: string
  readonly file: string
  readonly line: number
  readonly failures: readonly {
    readonly message: string
    readonly line: number
    readonly column: number
    readonly file: string
  }[]
  readonly durationMs: number
  readonly steps: number
}

export interface TestReport {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly results: readonly TestResult[]
  readonly coverage: Coverage
}

export interface RunTestsOptions {
  readonly plan: Plan
  readonly registry: Registry
  /** Where the tests, and what they touch, stand. */
  readonly places: Places
  /** Only tests whose name contains it. */
  readonly filter?: string
}

const START = '2026-01-05T09:00:00Z'

/** Runs the plan's `tests:` one after another, offline: on a simulated clock and storage, with no platform and no paid model. */
export async function runTests(options: RunTestsOptions): Promise<TestReport> {
  const { plan, filter = '' } = options
  const coverage = createCoverage(plan, options.registry.tools, options.places)
  const stages = await createStages(plan, options.registry)
  const results: TestResult[] = []
  for (const [index, { spec, place }] of plan.tests.entries()) {
    const test = spec as TestSpec
    if (!test.name.includes(filter)) continue
    if (test.skip !== undefined) {
      results.push({
        name: test.name,
        ok: true,
        skipped: test.skip,
        file: place.file,
        line: place.line,
        failures: [],
        durationMs: 0,
        steps: 0,
      })
      continue
    }
    results.push(await runOne(options, index, test, place, stages, coverage.see))
  }
  const failed = results.filter((result) => !result.ok).length
  const skipped = results.filter((result) => result.skipped !== undefined).length
  return { passed: results.length - failed - skipped, failed, skipped, results, coverage: coverage.report() }
}

async function runOne(
  options: RunTestsOptions,
  index: number,
  test: TestSpec,
  place: Place,
  stages: Stages,
  see: ReturnType<typeof createCoverage>['see'],
): Promise<TestResult> {
  const started = performance.now()
  const failures: TestResult['failures'][number][] = []
  const steps = stepsOf(test)
  const failAt = (path: readonly (string | number)[], message: string): void =>
    void failures.push({ message, ...options.places.place(['tests', index, ...path]) })
  const model = modelOf(options.plan, test.model)
  const at = Date.parse(test.at ?? START)
  if (steps.length === 0) failAt([], 'nothing is tested: give it a message, a command, a heartbeat or steps')
  if (model === undefined) failAt(['model'], `model: "${test.model}" is not a scripted model; tests run offline`)
  else if (Number.isNaN(at)) failAt(['at'], `at: "${test.at}" is not a time; write it as ${START}`)
  else {
    const stage = await stages.open(at, model)
    try {
      for (const { step, path } of steps) {
        const from = stage.events.length
        const seen = await play(stage, step)
        see(step, seen, stage.events.slice(from))
        const wanted = step.expect ?? {}
        const replyPatterns = await loadPatterns(wanted.replyPattern === undefined ? [] : [wanted.replyPattern])
        const matches = (pattern: string, text: string): boolean => replyPatterns.compile(pattern)(text)
        if (step.approve !== undefined && seen.answered === false && wanted.reply === undefined)
          failAt([...path, 'approve'], named(step, 'approve: no approval is open'))
        for (const { key, message } of differences(wanted, seen, matches)) failAt([...path, 'expect', key], named(step, message))
      }
    } finally {
      await stage.close()
    }
  }
  return {
    name: test.name,
    ok: failures.length === 0,
    file: place.file,
    line: place.line,
    failures,
    durationMs: performance.now() - started,
    steps: steps.length,
  }
}

const named = (step: Step, message: string): string => (step.name === undefined ? message : `${step.name}: ${message}`)

/** null: the built-in one; undefined: not scripted. */
function modelOf(plan: Plan, name: string | undefined): ModelRef | null | undefined {
  if (name === undefined) return null
  const slash = name.indexOf('/')
  const spec = plan.models.get(slash === -1 ? name : name.slice(0, slash))
  if (spec?.traits?.deterministic !== true) return undefined
  return { provider: spec.id, model: slash === -1 ? spec.defaultModel : name.slice(slash + 1) }
}

/** Plays one step and gives what it showed. */
export async function play(stage: Stage, step: Step): Promise<Seen> {
  const before = { events: stage.events.length, sent: stage.sent.length }
  let shown: Partial<Seen> = {}
  if (step.advance !== undefined) await stage.clock.advance(durationMs(step.advance))
  if (step.message !== undefined) shown = await playMessage(stage, step.message)
  if (step.command !== undefined)
    shown = { ...ofAgent(stage.plan, step.command.agentId), ...shown, decision: await judge(stage, step.command) }
  if (step.heartbeat !== undefined) {
    shown = { ...shown, ...ofHeartbeat(stage.plan, step.heartbeat) }
    // Its turn may wait for a person: then there is nothing to say yet.
    const run = stage.engine.runHeartbeat(step.heartbeat).then(({ message }) => {
      shown = { ...shown, reply: message }
    })
    await Promise.race([run, stage.settle()])
  }
  if (step.approve !== undefined) {
    const [open] = await stage.engine.approvals()
    const said =
      open === undefined
        ? { message: 'No approval is open.' }
        : await stage.engine.decide(open.id, step.approve, { caller: { kind: 'owner' } })
    shown = { reply: said.message, ...shown, answered: open !== undefined }
  }
  await stage.settle()
  const events = stage.events.slice(before.events)
  const ended = events.findLast((event) => event.type === 'turn_end')
  return {
    ...(ended === undefined ? {} : { ...ofAgent(stage.plan, ended.agentId), sessionKey: ended.sessionKey }),
    ...shown,
    ...(ended === undefined ? {} : { reply: ended.text }),
    toolCalls: events.flatMap((event) => (event.type === 'tool_execute' ? [event.toolName] : [])),
    approval: events.some((event) => event.type === 'approval_request'),
    ran: events.filter(isHeartbeatRun).length,
    deliveries: stage.sent.slice(before.sent),
  }
}

const ofAgent = (plan: Plan, agentId: string): Partial<Seen> => {
  const agent = plan.agents.get(agentId)
  return agent === undefined ? {} : { agentId, tools: agent.tools, mode: agent.permissions.mode }
}

function ofHeartbeat(plan: Plan, name: string): Partial<Seen> {
  const heartbeat = plan.heartbeats.find((one) => one.name === name)
  if (heartbeat === undefined) return {}
  return { ...ofAgent(plan, heartbeat.agentId), sessionKey: heartbeatSessionKey(name), content: heartbeat.prompt }
}

async function playMessage(stage: Stage, message: NonNullable<Step['message']>): Promise<Partial<Seen>> {
  const result = await stage.receive(message)
  const routed = whereTo(stage, message)
  if (!result.accepted) {
    const refused = result.code === 'command' ? {} : { refused: result.reason, agentId: null, sessionKey: null }
    return { ...routed, ...refused, reply: result.reply ?? '' }
  }
  const debounce = stage.plan.agents.get(result.agentId)?.queue.debounceMs ?? 0
  if (debounce > 0) await stage.clock.advance(debounce)
  return { ...routed, refused: null, agentId: result.agentId, sessionKey: result.sessionKey, duplicate: result.duplicate }
}

/** What routing gives a message; one that its channel does not let in gets nothing but the rule it would have met. */
function whereTo({ plan, router }: Stage, message: NonNullable<Step['message']>): Partial<Seen> {
  const routed = routeMessage(plan, router, message)
  const rule = (routed.agentId === null ? null : routed.rule?.index) ?? null
  const agent = routed.agentId === null ? undefined : plan.agents.get(routed.agentId)
  if (routed.agentId === null || agent === undefined || !admission(plan, message).admitted)
    return { content: null, tools: [], mode: null, rule }
  return { content: routed.content, tools: agent.tools, mode: agent.permissions.mode, rule }
}

async function judge(stage: Stage, { agentId, command }: NonNullable<Step['command']>): Promise<string> {
  const agent = stage.plan.agents.get(agentId)
  if (agent === undefined) return `no agent ${agentId}`
  const policy = await stage.environment.policyOf(stage.plan, agent, agent)
  return judgeCommand(command, shellPolicy(policy)).decision
}
