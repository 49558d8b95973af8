// Cases in, what real models made of them out: each run in an engine of its own, with what it cost and how long its models took.

import type { ModelProvider, ModelRequest, ModelResult, ProviderDefinition } from '../models/port.ts'
import { cost, priceFor } from '../models/prices.ts'
import type { ModelRef, Plan, ProviderSpec } from '../plan/plan.ts'
import { loadPatterns } from '../plan/text-match.ts'
import { silentLogger, systemClock, systemRandom } from '../ports.ts'
import type { Registry } from '../registry.ts'
import { Stop } from '../stop.ts'
import { differences, type Seen } from '../testing/expect.ts'
import { play } from '../testing/run-tests.ts'
import { stepsOf } from '../testing/spec.ts'
import { createStages, type Stages } from '../testing/stage.ts'
import type { Cassette } from './cassette.ts'
import { judge, type Verdict } from './judge.ts'
import type { EvalCase } from './spec.ts'
import { type Interval, interval } from './statistics.ts'

export interface Spent {
  readonly input: number
  readonly output: number
  readonly cost: number
  /** Time in calls of models. */
  readonly ms: number
}

export interface EvalRun {
  readonly ok: boolean
  readonly failures: readonly string[]
  readonly agentId: string | null
  readonly reply: string
  readonly toolCalls: readonly string[]
  readonly spent: Spent
  readonly verdict?: Verdict
  /** What judging cost. */
  readonly judged: Spent
}

export interface EvalResult {
  readonly name: string
  readonly ok: boolean
  readonly file: string
  readonly line: number
  readonly skipped?: string
  readonly runs: readonly EvalRun[]
  readonly passes: number
  readonly passRate: number
  readonly interval: Interval
}

export interface EvalReport {
  readonly results: readonly EvalResult[]
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly cost: number
  readonly judgeCost: number
  /** Why not all ran. */
  readonly stopped?: string
}

export interface RunEvalsOptions {
  readonly plan: Plan
  readonly registry: Registry
  readonly cases: readonly EvalCase[]
  readonly concurrency: number
  /** Of all runs together; no further one begins above it. */
  readonly maxCost?: number
  readonly cassette?: Cassette
  onProgress?(done: number, total: number): void
}

const NOTHING: Spent = { input: 0, output: 0, cost: 0, ms: 0 }
/** A run stands at this time, so that its requests are the same every day. */
const START = Date.parse('2026-01-05T09:00:00Z')

export async function runEvals(options: RunEvalsOptions): Promise<EvalReport> {
  const { cases, maxCost } = options
  const runs: EvalRun[][] = cases.map(() => [])
  const jobs = cases.flatMap((one, index) =>
    one.spec.skip === undefined ? Array.from({ length: one.repeat }, (_, round) => ({ one, index, round })) : [],
  )
  let [next, done, total] = [0, 0, 0]
  let stopped: string | undefined
  const stages = await createStages(options.plan, options.registry)
  const worker = async (): Promise<void> => {
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) {
      if (maxCost !== undefined && total >= maxCost) {
        stopped = `the limit of ${maxCost} was reached after ${done} of ${jobs.length} runs`
        return
      }
      const run = await runCase(options, stages, job.one, job.round)
      ;(runs[job.index] as EvalRun[])[job.round] = run
      total += run.spent.cost + run.judged.cost
      options.onProgress?.(++done, jobs.length)
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, options.concurrency) }, worker))
  const results = cases.map((one, index) => resultOf(one, (runs[index] ?? []).filter(Boolean)))
  const sum = (value: (run: EvalRun) => number): number =>
    results.flatMap((one) => one.runs).reduce((all, run) => all + value(run), 0)
  const skipped = results.filter((one) => one.skipped !== undefined).length
  const passed = results.filter((one) => one.ok && one.skipped === undefined).length
  return {
    results,
    passed,
    failed: results.length - passed - skipped,
    skipped,
    cost: sum(({ spent }) => spent.cost),
    judgeCost: sum(({ judged }) => judged.cost),
    ...(stopped === undefined ? {} : { stopped }),
  }
}

function resultOf({ name, place, passRate, spec: { skip } }: EvalCase, runs: readonly EvalRun[]): EvalResult {
  const passes = runs.filter(({ ok }) => ok).length
  return {
    name,
    ok: skip !== undefined || (runs.length > 0 && passes / runs.length >= passRate),
    file: place.file,
    line: place.line,
    ...(skip === undefined ? {} : { skipped: skip }),
    runs,
    passes,
    passRate,
    interval: interval(passes, runs.length),
  }
}

async function runCase(options: RunEvalsOptions, stages: Stages, one: EvalCase, round: number): Promise<EvalRun> {
  const { cassette } = options
  const scope = `${one.name}#${round}`
  const meter = new Meter()
  const wrap = (definition: ProviderDefinition): ProviderDefinition => metered(definition, meter, cassette, scope)
  const stage = await stages.open(one.spec.at === undefined ? START : Date.parse(one.spec.at), null, { wrap })
  const failures: string[] = []
  let seen: Seen | undefined
  let question = ''
  try {
    for (const { step } of stepsOf(one.spec)) {
      seen = await play(stage, step)
      question = step.message?.content ?? question
      const patterns = await loadPatterns(step.expect?.replyPattern === undefined ? [] : [step.expect.replyPattern])
      const found = differences(step.expect ?? {}, seen, (pattern, text) => patterns.compile(pattern)(text))
      failures.push(...found.map(({ message }) => message))
    }
  } finally {
    await stage.close()
  }
  if (seen === undefined) failures.push('nothing is asked: give it a message, a heartbeat or steps')
  if (meter.trouble !== undefined) failures.push(meter.trouble)
  const { spent } = meter
  failures.push(...boundsBroken(one, spent))
  const judging = new Meter()
  let verdict: Verdict | undefined
  if (one.rubric !== undefined && seen !== undefined) {
    try {
      if (one.judge === undefined) throw new Error('there is no evalModel')
      verdict = await judge(one.rubric, question, seen, judgeCall(options, one.judge, judging, `${scope} rubric`))
      if (!verdict.pass) failures.push(`rubric: ${verdict.why}`)
    } catch (error) {
      failures.push(`rubric: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return {
    ok: failures.length === 0,
    failures,
    agentId: seen?.agentId ?? null,
    reply: seen?.reply ?? '',
    toolCalls: seen?.toolCalls ?? [],
    spent,
    ...(verdict === undefined ? {} : { verdict }),
    judged: judging.spent,
  }
}

function boundsBroken({ maxCost, maxTokens, maxMs }: EvalCase, { input, output, cost: price, ms }: Spent): readonly string[] {
  const broken: string[] = []
  const over = (name: string, most: number | undefined, used: number): void => {
    if (most !== undefined && used > most) broken.push(`${name}: at most ${most}, was ${Number(used.toFixed(6))}`)
  }
  over('maxCost', maxCost, price)
  over('maxTokens', maxTokens, input + output)
  over('maxMs', maxMs, Math.round(ms))
  return broken
}

class Meter {
  spent: Spent = NOTHING
  /** What a model's call failed with, in a run whose answer is then an apology. */
  trouble: string | undefined

  add({ usage }: ModelResult, spec: ProviderSpec, model: string, ms: number): void {
    const { input, output, cacheRead, cacheWrite } = usage
    const { spent } = this
    this.spent = {
      input: spent.input + input + cacheRead + cacheWrite,
      output: spent.output + output,
      cost: spent.cost + cost(usage, priceFor(spec, model)),
      ms: spent.ms + ms,
    }
  }
}

/** Recorded answers come at once, with the time that they took when they were recorded left out. */
function metered(
  definition: ProviderDefinition,
  meter: Meter,
  cassette: Cassette | undefined,
  scope: string,
): ProviderDefinition {
  return {
    ...definition,
    async load() {
      const create = await definition.load()
      return (spec, world) => {
        const inner = create(spec, world)
        return {
          ...rest(inner),
          // A recording needs no key.
          hasCredentials: () => cassette !== undefined || inner.hasCredentials(),
          async call(request, onText, onRestart) {
            const started = performance.now()
            const ask = (): Promise<ModelResult> => inner.call(request, onText, onRestart)
            try {
              const result = await (cassette === undefined ? ask() : cassette.answer(scope, spec.id, request, ask))
              meter.add(result, spec, request.model, performance.now() - started)
              meter.trouble = undefined
              return result
            } catch (error) {
              meter.trouble = `${spec.id}/${request.model}: ${error instanceof Error ? error.message : String(error)}`
              throw error
            }
          },
        }
      }
    },
  }
}

const rest = (provider: ModelProvider): Pick<ModelProvider, 'close'> => ({ close: () => provider.close() })

function judgeCall({ plan, registry, cassette }: RunEvalsOptions, ref: ModelRef, meter: Meter, scope: string) {
  return async (request: Omit<ModelRequest, 'model' | 'signal'>): Promise<ModelResult> => {
    const spec = plan.models.get(ref.provider)
    const definition = registry.providers.find(({ type }) => type === spec?.provider)
    if (spec === undefined || definition === undefined) throw new Error(`there is no model service ${ref.provider}`)
    const create = await metered(definition, meter, cassette, scope).load()
    const provider = create(spec, { clock: systemClock, random: systemRandom, log: silentLogger })
    try {
      return await provider.call({ ...request, model: ref.model, signal: new Stop() })
    } finally {
      await provider.close()
    }
  }
}
