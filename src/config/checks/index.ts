// All checks beyond shape, in one list. Each is a small function from the document and the names in it to problems.

import type { Diagnostic } from '../../errors.ts'
import { rest } from '../../slices.ts'
import { checkAgents } from './agents.ts'
import { checkApprovals } from './approvals.ts'
import { checkChannels } from './channels.ts'
import type { Check, CheckInput } from './check.ts'
import { checkCompaction } from './compaction.ts'
import { checkEvals } from './evals.ts'
import { checkGateway } from './gateway.ts'
import { checkGrants } from './grants.ts'
import { checkHeartbeats } from './heartbeats.ts'
import { checkIdleGrants } from './idle-grants.ts'
import { checkLimits } from './limits.ts'
import { checkMcpServers } from './mcp-servers.ts'
import { checkModelBounds } from './model-bounds.ts'
import { checkModels } from './models.ts'
import { checkMoney } from './money.ts'
import { checkNames } from './names.ts'
import { checkPatterns } from './patterns.ts'
import { checkPeople } from './people.ts'
import { checkPrefixes } from './prefixes.ts'
import { checkRoles } from './roles.ts'
import { checkSandbox } from './sandbox.ts'
import { checkSecrets } from './secrets.ts'
import { checkSomething } from './something.ts'
import { checkSubagents } from './subagents.ts'
import { checkTexts } from './texts.ts'
import { checkTools } from './tools.ts'
import { checkUserIds } from './user-ids.ts'

const CHECKS: readonly Check[] = [
  checkSomething,
  checkAgents,
  checkChannels,
  checkTools,
  checkMcpServers,
  checkModels,
  checkModelBounds,
  checkPeople,
  checkUserIds,
  checkNames,
  checkHeartbeats,
  checkEvals,
  checkPatterns,
  checkSubagents,
  checkGateway,
  checkLimits,
  checkMoney,
  checkCompaction,
  checkGrants,
  checkApprovals,
  checkSecrets,
  checkSandbox,
  checkPrefixes,
  checkRoles,
  checkTexts,
  checkIdleGrants,
]

export async function runChecks(input: CheckInput): Promise<readonly Diagnostic[]> {
  const problems: Diagnostic[] = []
  for (const check of CHECKS) {
    problems.push(...(await check(input)))
    await rest()
  }
  return problems
}
