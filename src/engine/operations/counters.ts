// Events in, counts for /metrics out.

import type { EngineEvent } from '../../agent/events.ts'
import type { Change } from '../../plan/change.ts'

/** Names are those of the Prometheus text format, labels included. */
export function createCounters(on: (listener: (event: EngineEvent) => void) => () => void): () => ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  const add = (name: string, by = 1): void => void counts.set(name, (counts.get(name) ?? 0) + by)
  on((event) => {
    add(`claw_events_total{type="${event.type}"}`)
    if (event.type === 'turn_end') {
      add(`claw_turns_total{agent="${event.agentId}",ok="${!event.isError}"}`)
      add(`claw_turn_seconds_sum{agent="${event.agentId}"}`, event.durationMs / 1000)
    }
    if (event.type === 'tool_result') add(`claw_tool_calls_total{tool="${event.toolName}",ok="${!event.isError}"}`)
    if (event.type === 'reload') {
      add(`claw_reloads_total{ok="${event.ok}"}`)
      for (const { action, kind } of event.changes as readonly Change[])
        add(`claw_reload_objects_total{kind="${kind}",action="${action}"}`)
      counts.set('claw_last_reload_ok', event.ok ? 1 : 0)
      counts.set('claw_last_reload_seconds', event.durationMs / 1000)
      counts.set('claw_last_reload_at_seconds', event.at / 1000)
    }
  })
  return () => counts
}
