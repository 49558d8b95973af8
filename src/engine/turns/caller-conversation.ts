// A conversation that the caller keeps: its messages in, the first lines of a session's transcript out.

import type { TranscriptEntry } from '../../storage/ports.ts'
import type { CallerMessage } from '../port.ts'

/** Ids are made of the run, so that writing them again changes nothing. What the calling program wants is the user's text, not the SOUL. */
export function conversationEntries(run: string, messages: readonly CallerMessage[], now: number): readonly TranscriptEntry[] {
  const timestamp = new Date(now).toISOString()
  return messages
    .filter(({ content }) => content.trim() !== '')
    .map(({ role, content }, index) => ({
      id: `${run}.c${index}`,
      role: role === 'assistant' ? 'assistant' : 'user',
      content: role === 'system' ? `[Instructions of the program that you answer]\n${content}` : content,
      timestamp,
      run,
    }))
}
