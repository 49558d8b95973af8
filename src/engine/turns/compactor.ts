// When a session grows long: summaries made ahead of need in the background lane, or at once when the model said it was too
// long. What is appended is sessions/compaction's; this file calls the model for it.

import { prefixOf, prefixTokens } from '../../agent/asker.ts'
import { textOf } from '../../agent/turn.ts'
import { messageOf } from '../../errors.ts'
import type { ModelResult } from '../../models/port.ts'
import type { AgentPlan, Plan } from '../../plan/plan.ts'
import { toolsFor } from '../../plan/tool-rights.ts'
import { type CompactOptions, compact, planCompaction } from '../../sessions/compaction.ts'
import { SUMMARY_PROMPT } from '../../sessions/summaries.ts'
import { contextTokens } from '../../sessions/tokens.ts'
import type { StopSignal } from '../../stop.ts'
import type { World } from '../world.ts'
import { enqueueWork } from './inbox-work.ts'
import type { ModelCalls } from './model-calls.ts'

export interface Compactor {
  /** Summarises now. True: the session got shorter. Must not throw: a session that cannot be shortened stays as it is. */
  run(
    plan: Plan,
    agent: AgentPlan,
    session: string,
    signal: StopSignal,
    options?: Pick<CompactOptions, 'onlyIfNeeded' | 'below'>,
  ): Promise<boolean>
  /** Queues a summary when the session passed its threshold. */
  considerAhead(agent: AgentPlan, session: string): Promise<void>
}

export function createCompactor(world: World, models: Pick<ModelCalls, 'side'>): Compactor {
  const { storage, clock, random, log } = world

  return {
    async run(plan, agent, session, signal, { onlyIfNeeded = false, below } = {}) {
      try {
        const transcript = await storage.transcripts.load(session, agent.id)
        const summarise = async (text: string): Promise<string> => {
          const request = {
            system: SUMMARY_PROMPT,
            tools: [],
            messages: [{ role: 'user' as const, content: text }],
            maxTokens: 2_000,
          }
          return summaryIn(await models.side(plan, agent, agent.compaction.model, request, signal))
        }
        const fixedTokens = prefixTokens(prefixOf(plan, agent, toolsFor(plan, agent, [], world.registryOf(plan).tools)))
        const settings = agent.compaction
        const entries = await compact({ transcript, settings, summarise, clock, random, onlyIfNeeded, below, fixedTokens })
        if (entries.length === 0) return false
        await storage.transcripts.append(session, agent.id, entries)
        log.info({ session, entries: entries.length }, 'session compacted')
        return true
      } catch (error) {
        log.warn({ session, error: messageOf(error) }, 'session could not be compacted')
        return false
      }
    },
    async considerAhead(agent, session) {
      const transcript = await storage.transcripts.load(session, agent.id)
      // Cheap first: most sessions are far from their threshold, and this is asked after every turn.
      const { contextWindow, threshold } = agent.compaction
      if (contextTokens(transcript) < contextWindow * threshold || !planCompaction(transcript, agent.compaction).needed) return
      await enqueueWork(storage, {
        session,
        agentId: agent.id,
        lane: 'background',
        messageId: random.id(),
        content: '',
        kind: 'compact',
        receivedAt: clock.now(),
      })
    },
  }
}

/** What a model wrote when it was asked for a summary. @throws when it did something else */
function summaryIn({ content, stopReason }: ModelResult): string {
  if (content.some((block) => block.type === 'tool_use')) throw new Error('the model called a tool')
  if (stopReason === 'refusal') throw new Error('the model refused')
  return textOf(content)
}
