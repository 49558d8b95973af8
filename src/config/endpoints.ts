// The addresses a Plan will speak to → a problem for each that does not answer. Any answer counts, also a refusal.

import { type Diagnostic, diagnostic, messageOf } from '../errors.ts'
import type { Place, Plan } from '../plan/plan.ts'

const TIMEOUT_MS = 5000

const DEFAULTS: Readonly<Record<string, string>> = {
  anthropic: 'https://api.anthropic.com',
  openai: 'https://api.openai.com',
  telegram: 'https://api.telegram.org',
  discord: 'https://discord.com/api',
  slack: 'https://slack.com/api',
  whatsapp: 'https://graph.facebook.com',
}

interface Endpoint {
  readonly url: string
  readonly what: string
  readonly place: Place
}

/** Asks each address once, all at the same time. */
export async function probeEndpoints(plan: Plan): Promise<readonly Diagnostic[]> {
  const found = await Promise.all(
    endpointsOf(plan).map(async ({ url, what, place }) => {
      try {
        const answer = await fetch(url, { method: 'GET', redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
        await answer.body?.cancel()
        return null
      } catch (error) {
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
        const reason = (cause as { code?: unknown }).code ?? messageOf(cause)
        const at = { ...place, endLine: place.line, endColumn: place.column + 1 }
        const hint = 'Is the address right, the server up, the network reachable from here?'
        return diagnostic('CLAW501', `${what} does not answer at ${withoutCredentials(url)}: ${String(reason)}.`, at, { hint })
      }
    }),
  )
  return found.filter((problem) => problem !== null)
}

const withoutCredentials = (url: string): string => url.replace(/\/\/[^/@]*@/, '//')

function endpointsOf(plan: Plan): readonly Endpoint[] {
  const used = new Set<string>()
  for (const agent of plan.agents.values()) {
    for (const ref of [agent.model, ...agent.fallbacks, agent.offline, agent.compaction.model])
      if (ref !== undefined) used.add(ref.provider)
  }
  const endpoints: Endpoint[] = []
  const add = (url: string | undefined, what: string, place: Place): void => {
    if (url !== undefined && /^https?:/.test(url)) endpoints.push({ url, what, place })
  }
  for (const spec of plan.models.values()) {
    if (used.has(spec.id)) add(spec.baseURL ?? DEFAULTS[spec.provider], `The model provider ${spec.id}`, spec.place)
  }
  for (const channel of plan.channels.values()) {
    if (channel.enabled) add(channel.apiRoot ?? DEFAULTS[channel.type], `The channel ${channel.id}`, channel.place)
  }
  const file: Place = { file: plan.file, line: 1, column: 1 }
  add(plan.search?.baseURL, 'The search service', plan.places.search ?? file)
  add(plan.transcription?.url, 'The transcription service', plan.places.transcription ?? file)
  return endpoints
}
