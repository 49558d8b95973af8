// A failed call in, one plain sentence for the person in the chat out: no secrets, no jargon.

import { changeHint, type ModelsOf, usesIn } from '../plan/model-uses.ts'
import type { ModelError } from './port.ts'

/** `agent`: whose models were asked. */
export function sayModelError(error: ModelError, agent: ModelsOf): string {
  switch (error.kind) {
    case 'credentials':
      return 'I cannot reach my language model: its key is missing or was not accepted. The owner can fix that.'
    case 'no_model':
      return error.model === undefined
        ? 'My language model is no longer offered under its name. The owner can fix that.'
        : `My language model ${error.model} is no longer offered under its name. For the owner: ${changeHint(usesIn(agent, error.model), error.replacement)}`
    case 'no_service':
      return 'I cannot find my language model: nothing answers for it under its address. The owner can fix that.'
    case 'rate_limit':
      return `My language model has too much to do for me right now. Please try again ${when(error.retryAfterMs)}.`
    case 'overloaded':
      return `My language model is overloaded right now. Please try again ${when(error.retryAfterMs)}.`
    case 'server':
      return 'My language model had a fault of its own. Please try again in a moment.'
    case 'network':
      return 'I lost the connection to my language model. Please try again in a moment.'
    case 'timeout':
      return 'My language model took too long to answer. Please try again in a moment.'
    case 'context':
      return 'This conversation has grown too long for my language model. Send /new to start a new one, or a shorter message.'
    case 'invalid':
      return 'My language model did not accept the request; the owner finds the reason in the log. If this goes on, send /new to start a new conversation.'
    case 'aborted':
      return 'I stopped before I had an answer.'
  }
}

function when(ms: number | undefined): string {
  if (ms === undefined || ms < 5000) return 'in a moment'
  const minutes = Math.ceil(ms / 60_000)
  if (ms < 60_000) return `in ${Math.ceil(ms / 1000)} seconds`
  if (minutes <= 90) return minutes === 1 ? 'in a minute' : `in ${minutes} minutes`
  return 'later'
}
