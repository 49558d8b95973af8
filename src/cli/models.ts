// `claw models`: the models that are known, with windows, prices and last days; with --live NAME those that the endpoint of a
// model service offers.

import { EXIT } from '../errors.ts'
import { endOf, knownModel, modelTable } from '../models/known-models.ts'
import { ModelError, type OfferedModel } from '../models/port.ts'
import { silentLogger, systemClock, systemRandom } from '../ports.ts'
import { notFound, type Options, printJson, type Verb, type VerbIo } from './io.ts'
import { printTable } from './table.ts'

export const run: Verb = async (_args, options, io) => {
  const name = options['live']
  return typeof name === 'string' ? await offered(name, options, io) : known(options, io)
}

function known(options: Options, io: VerbIo): number {
  const { date, currency, models } = modelTable()
  const now = Date.now()
  const listed = models.map((model) => ({ ...model, status: endOf(model, now) ?? 'offered' }))
  if (options.format === 'json') {
    printJson(io, { date, currency, models: listed })
    return EXIT.ok
  }
  const rows = listed.map(({ id, provider, contextWindow, maxOutput, prices, ends, replacement, status }) => [
    id,
    provider,
    count(contextWindow),
    count(maxOutput),
    ...(prices === undefined ? ['', ''] : [String(prices.input), String(prices.output)]),
    prices?.tiers?.map(({ above, input, output }) => `${input}/${output} above ${count(above)}`).join(', ') ?? '',
    ends === undefined ? '' : `${status === 'ended' ? 'ended' : 'ends'} ${ends}: ${replacement}`,
  ])
  printTable(io, ['model', 'service', 'window', 'longest answer', 'input', 'output', 'long prompts', 'last day'], rows)
  io.out(`as of ${date}; ${currency} per million tokens\n`)
  return EXIT.ok
}

const count = (tokens: number | undefined): string =>
  tokens === undefined ? '' : tokens % 1_000_000 === 0 ? `${tokens / 1_000_000}M` : `${Math.round(tokens / 1_000)}k`

async function offered(name: string, options: Options, io: VerbIo): Promise<number> {
  const { planFrom } = await import('./plan-loading.ts')
  const loaded = await planFrom(options.config, io, { format: options.format })
  if (typeof loaded === 'number') return loaded
  const spec = loaded.plan.models.get(name)
  if (spec === undefined) {
    return notFound(io, `there is no model service "${name}"; there are ${[...loaded.plan.models.keys()].join(', ')}`)
  }
  const definition = io.registry.providers.find(({ type }) => type === spec.provider)
  const create = await definition?.load()
  const provider = create?.(spec, { clock: systemClock, random: systemRandom, log: silentLogger })
  try {
    if (provider?.list === undefined) {
      io.err(`claw: ${name} is of a kind (${spec.provider}) that has no list; it is asked for models by name alone\n`)
      return EXIT.invalid
    }
    const models = [...(await provider.list())].sort((a, b) => (a.id < b.id ? -1 : 1))
    if (options.format === 'json') printJson(io, { provider: name, models })
    else show(models, spec.provider, io)
    return EXIT.ok
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    io.err(`claw: ${error.message}\n`)
    return EXIT.invalid
  } finally {
    await provider?.close()
  }
}

function show(models: readonly OfferedModel[], service: string, io: VerbIo): void {
  const rows = models.map(({ id, contextWindow, maxOutput, ends }) => {
    const of = knownModel(service, id)
    const last = ends ?? of?.ends
    return [
      id,
      count(contextWindow ?? of?.contextWindow),
      count(maxOutput ?? of?.maxOutput),
      ...(of?.prices === undefined ? ['', ''] : [String(of.prices.input), String(of.prices.output)]),
      last ?? '',
    ]
  })
  printTable(io, ['model', 'window', 'longest answer', 'input', 'output', 'last day'], rows)
}
