// Files that people sent in, as they are now: their words are outside text that no model wrote.

import type { ToolEnvironment } from '../tools/tool-environment.ts'
import type { TurnContext } from '../turns/turn-context.ts'
import type { FileOrigins } from './file-origins.ts'

export interface ReceivedFiles {
  /** The text of the file that a call of read_file names; undefined: it is not as it was received. */
  textOf(turn: TurnContext, input: unknown): Promise<string | undefined>
}

export const createReceivedFiles = (
  environment: Pick<ToolEnvironment, 'pathsOf' | 'cwdOf'>,
  origins: FileOrigins,
): ReceivedFiles => ({
  async textOf(turn, input) {
    const path = typeof input === 'object' && input !== null && 'path' in input ? input.path : undefined
    try {
      const { text, changedMs } = await environment.pathsOf(turn).readText(path)
      if (changedMs === undefined) return undefined
      return (await origins.of(environment.cwdOf(turn.agent), changedMs)) === 'received' ? text : undefined
    } catch {
      return undefined
    }
  },
})
