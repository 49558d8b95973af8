// A Plan in, every secret value it holds out: for redaction, and for nothing else.

import { type Plan, Secret } from './plan.ts'

export function secretsOf(plan: Plan): readonly string[] {
  const found = new Set<string>()
  const seen = new Set<object>()
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if (value instanceof Secret) found.add(value.reveal())
    else for (const one of value instanceof Map ? value.values() : Object.values(value)) walk(one)
  }
  walk([plan.gateway, plan.models, plan.channels, plan.search, plan.transcription, plan.mcpServers])
  found.delete('')
  return [...found]
}
