// Events out: one listener list. A listener that throws is logged and hurts nobody else.

import type { EngineEvent } from '../agent/events.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../ports.ts'

export interface Hub {
  emit(event: EngineEvent): void
  on(listener: (event: EngineEvent) => void): () => void
}

export function createHub(log: Logger): Hub {
  const listeners = new Set<(event: EngineEvent) => void>()
  return {
    emit(event) {
      for (const listener of listeners) {
        try {
          listener(event)
        } catch (error) {
          log.error({ event: event.type, error: messageOf(error) }, 'a listener failed')
        }
      }
    },
    on(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
