// Who answers, as a chat sees it in front of a reply. Sessions, sub-agents' callers and silence know the bare text.

import type { AgentPlan } from '../../plan/plan.ts'

export const replyPrefix = (agent: AgentPlan | undefined): string => (agent?.replyPrefix === true ? `[${agent.name}] ` : '')
