// `claw eval`: the evals of a configuration on real models, or on recorded answers; against another configuration too.

import { dirname, resolve } from 'node:path'
import { shownPath } from '../config/render.ts'
import { escapeData, escapeProperty } from '../config/render-machine.ts'
import { EXIT } from '../errors.ts'
import { type Cassette, recordingCassette, replayingCassette } from '../evals/cassette.ts'
import { type Compared, compare } from '../evals/compare.ts'
import { type EvalReport, type RunEvalsOptions, runEvals } from '../evals/run.ts'
import { casesOf } from '../evals/spec.ts'
import { percentile } from '../evals/statistics.ts'
import { createRedactor } from '../permissions/redact.ts'
import type { Plan } from '../plan/plan.ts'
import { secretsOf } from '../plan/secrets.ts'
import { junit } from '../testing/junit.ts'
import { comparedPlan } from './compared-plan.ts'
import { type Io, type Options, paint, printJson, usage, type Verb } from './io.ts'
import { planFrom } from './plan-loading.ts'
import { printable } from './table.ts'

const CONCURRENCY = 4

export const run: Verb = async (_args, options, io) => {
  const numbers = {
    repeat: positive(options['repeat']),
    concurrency: positive(options['concurrency']),
    maxCost: positive(options['maxCost']),
  }
  const wrong = Object.entries(numbers).find(([, value]) => value === null)
  if (wrong !== undefined) return usage(io, `--${wrong[0] === 'maxCost' ? 'max-cost' : wrong[0]} takes a number above 0`)
  if (options['record'] !== undefined && options['replay'] !== undefined) return usage(io, 'take --record or --replay, not both')
  const loaded = await planFrom(options.config, io, { format: options.format })
  if (typeof loaded === 'number') return loaded
  const { plan, registry } = loaded
  const filter = typeof options['filter'] === 'string' ? { filter: options['filter'] } : {}
  const repeat = numbers.repeat === undefined ? {} : { repeat: Math.round(numbers.repeat as number) }
  const cases = await casesOf(plan, { ...filter, ...repeat })
  const shared = {
    registry,
    cases,
    concurrency: numbers.concurrency ?? CONCURRENCY,
    ...(numbers.maxCost === undefined ? {} : { maxCost: numbers.maxCost as number }),
    onProgress: progressOn(io),
  } satisfies Partial<RunEvalsOptions>
  let before: EvalReport | undefined
  if (typeof options['against'] === 'string') {
    const other = await comparedPlan(options['against'], plan, io)
    if (typeof other === 'number') return other
    if (other.plan === null) return usage(io, `there is no configuration at ${options['against']} to compare with`)
    before = await runEvals({ ...shared, ...cassetteOf(options, other.plan, io), plan: other.plan })
  }
  const report = shortened(await runEvals({ ...shared, ...cassetteOf(options, plan, io), plan }), io)
  const compared = before && compare(before, report)
  if (options.format === 'json') printJson(io, { ...report, ...(compared && { compared }) })
  else if (options.format === 'junit') io.out(junitOf(report))
  else if (options.format === 'github') io.out(annotations(report))
  else if (options.format === 'html') io.out((await import('../evals/html.ts')).evalPage(report, compared))
  else printHuman(report, compared, io)
  if (cases.length === 0 && typeof options['filter'] === 'string')
    io.err(`claw: no eval's name contains "${options['filter']}"\n`)
  const none = cases.length === 0 && typeof options['filter'] === 'string'
  return report.failed > 0 || report.stopped !== undefined || none ? EXIT.invalid : EXIT.ok
}

/** undefined: not given; null: no such number. */
function positive(value: unknown): number | null | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  return number > 0 && Number.isFinite(number) ? number : null
}

/** Each configuration has a count of its own: same requests of both are the same recordings. */
function cassetteOf(options: Options, plan: Plan, io: Io): { cassette?: Cassette } {
  const root = dirname(plan.file)
  if (typeof options['record'] === 'string')
    return { cassette: recordingCassette(resolve(io.cwd, options['record']), root, createRedactor(secretsOf(plan))) }
  if (typeof options['replay'] === 'string') return { cassette: replayingCassette(resolve(io.cwd, options['replay']), root) }
  return {}
}

const progressOn =
  (io: Io) =>
  (done: number, total: number): void => {
    if (io.isTerminal?.err === true) io.err(`\r${done} of ${total}${done === total ? '\r\u001b[K' : ''}`)
  }

const shortened = (report: EvalReport, io: Io): EvalReport => ({
  ...report,
  results: report.results.map((one) => ({ ...one, file: shownPath(one.file, io.cwd) })),
})

const failuresOf = ({ runs, passes, passRate }: EvalReport['results'][number]): readonly string[] =>
  runs.length === 0
    ? ['it did not run']
    : [
        ...new Set(runs.flatMap(({ failures }) => failures)),
        ...(runs.length > 1 ? [`${passes} of ${runs.length} runs passed, ${Math.ceil(passRate * runs.length)} must`] : []),
      ]

function junitOf({ results, failed, skipped }: EvalReport): string {
  const cases = results.map((one) => ({
    name: one.name,
    ok: one.ok,
    file: one.file,
    line: one.line,
    ...(one.skipped === undefined ? {} : { skipped: one.skipped }),
    failures: one.ok ? [] : failuresOf(one).map((message) => ({ message, file: one.file, line: one.line, column: 1 })),
    durationMs: one.runs.reduce((sum, { spent }) => sum + spent.ms, 0),
    steps: 1,
  }))
  return junit({ results: cases, failed, skipped })
}

const annotations = ({ results }: EvalReport): string =>
  results
    .filter(({ ok }) => !ok)
    .flatMap((one) =>
      failuresOf(one).map(
        (message) =>
          `::error file=${escapeProperty(one.file)},line=${one.line},title=${escapeProperty(one.name)}::${escapeData(message)}\n`,
      ),
    )
    .join('')

function printHuman(report: EvalReport, compared: readonly Compared[] | undefined, io: Io): void {
  for (const one of report.results) {
    const { name, ok, skipped, runs, passes, interval } = one
    const share = runs.length > 1 ? ` ${passes}/${runs.length} (${percent(interval.low)}–${percent(interval.high)})` : ''
    if (skipped !== undefined) io.out(`${paint(io, 'yellow', 'skip')}  ${printable(name)}: ${printable(skipped)}\n`)
    else io.out(`${ok ? paint(io, 'green', 'ok  ') : paint(io, 'red', 'FAIL')}  ${printable(name)}${share}\n`)
    if (!ok) for (const failure of failuresOf(one)) io.out(`      ${one.file}:${one.line}  ${printable(failure)}\n`)
  }
  if (compared !== undefined) {
    io.out(`${paint(io, 'bold', 'Against the other configuration')}\n`)
    for (const { name, changed, before, after } of compared) {
      io.out(`${printable(name)}: ${changed.length === 0 ? 'the same' : `${changed.join(', ')} changed`}\n`)
      if (changed.length === 0) continue
      for (const [mark, side] of [
        ['-', before],
        ['+', after],
      ] as const) {
        const tools = side.toolCalls.length === 0 ? '' : `, calls ${side.toolCalls.join(', ')}`
        io.out(
          `  ${mark} ${side.agentId ?? 'nobody'}${tools}, ${side.tokens} tokens, ${side.cost.toFixed(4)}: ${printable(side.reply)}\n`,
        )
      }
    }
  }
  const times = report.results.flatMap(({ runs }) => runs.map(({ spent }) => spent.ms))
  const { passed, failed, skipped, cost, judgeCost, stopped } = report
  io.out(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
  const latency =
    times.length === 0
      ? ''
      : `; models took ${Math.round(percentile(times, 0.5))} ms (p95 ${Math.round(percentile(times, 0.95))} ms)`
  io.out(`cost ${cost.toFixed(4)}, judging ${judgeCost.toFixed(4)}${latency}\n`)
  if (stopped !== undefined) io.out(`${paint(io, 'red', 'stopped')}: ${stopped}\n`)
  if (report.results.length === 0) io.out('There are no evals. Write some under `evals:`.\n')
}

const percent = (share: number): string => `${Math.round(share * 100)} %`
