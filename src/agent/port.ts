// What a turn takes from the engine. The turn itself reads no clock, no chance and no configuration but through these.

import type { StoredFile } from '../channels/port.ts'
import type { SpendLimit } from '../limits/port.ts'
import type { ModelRequest, ModelResult } from '../models/port.ts'
import type { AddedLabels } from '../permissions/flow/labels.ts'
import type { AgentPlan, Plan } from '../plan/plan.ts'
import type { Clock } from '../ports.ts'
import type { StopSignal } from '../stop.ts'
import type { Claim, TokenCount, TranscriptStore } from '../storage/ports.ts'
import type { SessionRef, ToolDefinition, ToolResult } from '../tools/port.ts'
import type { EngineEvent } from './events.ts'

/** The outcome of one tool call, ready for the model. */
export interface CallOutcome {
  readonly content: ToolResult['content']
  readonly isError: boolean
  /** What it brought into the session. */
  readonly labels?: AddedLabels
  /** Files for the reply. */
  readonly attachments?: readonly StoredFile[]
}

export interface ToolCall {
  /** Names this call in its run, whatever ids the model's service gives. */
  readonly id: string
  readonly name: string
  readonly input: unknown
}

/** One turn and all it may use. */
export interface Turn {
  readonly plan: Plan
  readonly agent: AgentPlan
  readonly claim: Claim
  readonly session: SessionRef
  /** Tools it may use, in the plan's order. */
  readonly tools: readonly ToolDefinition[]
  readonly signal: StopSignal
  /** Files made before it began, by a call that was approved late. */
  readonly attachments?: readonly StoredFile[]
  /** Whom its tokens are counted for: `user:<link or identity>` or `heartbeat:<name>`. */
  readonly spender: string
}

export interface TurnPorts {
  readonly store: TranscriptStore
  readonly clock: Clock
  /** Answers of this run's model, by number of the call, that no disk took yet: a turn that is tried again begins with them. */
  readonly unsaved: Map<number, ModelResult>
  emit(event: EngineEvent): void
  /** One model call with budget, fallbacks and retries. @throws ModelError, BudgetError */
  callModel(
    turn: Turn,
    request: Omit<ModelRequest, 'model' | 'signal'>,
    onText: (text: string) => void,
    onRestart: () => void,
  ): Promise<ModelResult>
  /** Judges, asks if need be, runs. Never throws: trouble is an error outcome. */
  callTool(turn: Turn, call: ToolCall): Promise<CallOutcome>
  /** Makes the session shorter now, below so many tokens where it is said. True: it did, and the call may be tried again. */
  compact(turn: Turn, below?: number): Promise<boolean>
}

/** A spend limit is reached; the message is for the user. */
export class BudgetError extends Error {
  readonly limit: SpendLimit
  constructor(message: string, limit: SpendLimit) {
    super(message)
    this.name = 'BudgetError'
    this.limit = limit
  }
}

/** Why a turn's signal aborts when the engine stops: the turn is not ended, the next process goes on with it. */
export class EngineStops extends Error {
  constructor() {
    super('The engine stops.')
    this.name = 'EngineStops'
  }
}

export interface TurnOutcome {
  /** The reply for people. May be empty where there are attachments. */
  readonly text: string
  readonly isError: boolean
  readonly attachments?: readonly StoredFile[]
  /** The spend limit that ended it. */
  readonly limit?: SpendLimit
  /** Of all model calls of the turn. */
  readonly usage?: TokenCount
}
