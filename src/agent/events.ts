// What happens, as a tagged union: one stream that the socket, the page, streaming channels and tests all read.

import type { OutboundMessage, StoredFile } from '../channels/port.ts'
import type { SpendLimit } from '../limits/port.ts'
import type { TokenCount } from '../storage/ports.ts'

interface InTurn {
  readonly sessionKey: string
  readonly agentId: string
  readonly run: string
}

export type EngineEvent =
  /** A message was admitted and stored. */
  | {
      readonly type: 'inbound'
      readonly sessionKey: string
      readonly agentId: string
      readonly channelId: string
      readonly userId: string
      readonly groupId?: string
      readonly messageId: string
      readonly content: string
      readonly at: number
    }
  | {
      readonly type: 'refused'
      readonly channelId: string
      readonly userId: string
      readonly groupId?: string
      readonly reason: string
      readonly at: number
    }
  | ({ readonly type: 'turn_start'; readonly messageIds: readonly string[] } & InTurn)
  /** Text as it arrives. `sequence` counts from 0 in the turn; `restart` says that what came before is void. */
  | ({
      readonly type: 'chunk'
      readonly text: string
      readonly sequence: number
      readonly restart?: true
      readonly messageIds: readonly string[]
    } & InTurn)
  | ({ readonly type: 'tool_execute'; readonly toolUseId: string; readonly toolName: string; readonly input: unknown } & InTurn)
  | ({
      readonly type: 'tool_result'
      readonly toolUseId: string
      readonly toolName: string
      readonly content: string
      readonly isError: boolean
      readonly durationMs: number
      /** The model made the name up. */
      readonly isUnknown?: true
    } & InTurn)
  | ({
      readonly type: 'turn_end'
      readonly messageIds: readonly string[]
      readonly text: string
      readonly isError: boolean
      readonly attachments?: readonly StoredFile[]
      /** The spend limit that ended it. */
      readonly limit?: SpendLimit
      readonly durationMs: number
      readonly usage?: TokenCount
    } & InTurn)
  | { readonly type: 'approval_request'; readonly approval: ApprovalView }
  | {
      readonly type: 'approval_decision'
      readonly id: string
      readonly decision: 'once' | 'always' | 'deny' | 'expired' | 'cancelled' | 'replaced'
      readonly by?: string
    }
  /** A reply on its way to a channel. `answers`: ids of the messages it answers; an approval's late result answers none. */
  | { readonly type: 'outbound'; readonly message: SaidMessage; readonly answers?: readonly string[]; readonly at: number }
  | {
      readonly type: 'heartbeat'
      readonly name: string
      readonly outcome: 'started' | 'ran' | 'silent' | 'failed' | 'skipped' | 'missed'
      readonly at: number
      readonly detail?: string
    }
  | { readonly type: 'channel'; readonly channelId: string; readonly state: string; readonly detail?: string }
  | {
      readonly type: 'reload'
      readonly generation: number
      readonly ok: boolean
      readonly changes: readonly unknown[]
      readonly durationMs: number
      readonly diagnostics: readonly unknown[]
      readonly at: number
    }
  | { readonly type: 'stopped'; readonly agentId?: string; readonly by: string }
  | { readonly type: 'resumed'; readonly agentId?: string; readonly by: string }

/** A reply without the bytes of its files. */
export type SaidMessage = Omit<OutboundMessage, 'attachments'> & { readonly attachments?: readonly StoredFile[] }

/** An open question, as approvers see it. */
export interface ApprovalView {
  readonly id: string
  readonly agentId: string
  readonly sessionKey: string
  readonly toolName: string
  readonly input: unknown
  readonly reason: string
  /** The input in full, escapes visible. */
  readonly text: string
  readonly cwd: string
  readonly requestedBy?: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly canRemember: boolean
}
