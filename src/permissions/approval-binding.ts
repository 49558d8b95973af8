// What a person approves is a call with the folders and files it would work on, as they are when it is asked about. A call comes
// in, its binding leaves; later, what has changed since.

import { mkdir } from 'node:fs/promises'
import type { AgentPlan } from '../plan/plan.ts'
import { type ToolDefinition, traitsOf } from '../tools/port.ts'
import type { ApprovalBinding } from './port.ts'
import { bindFiles, changedFile } from './shell/bound-files.ts'
import { changesSince, snapshotWorkspace } from './workspace-snapshot.ts'

/** Binds a call to the agent's workspace, and a command also to the files it names outside. */
export async function bindApproval(call: {
  readonly tool: Pick<ToolDefinition, 'traits'>
  readonly command: string | undefined
  readonly cwd: string
  readonly workspace: AgentPlan['workspace']
  readonly stateDir: string
}): Promise<ApprovalBinding> {
  const { tool, command, cwd, workspace, stateDir } = call
  // What neither runs programs nor reads or writes files works on its input alone.
  const { runs, writes, private: reads } = traitsOf(tool)
  if (runs !== true && writes !== true && reads !== true) return {}
  // A folder that the call itself would make is no change.
  const [first] = workspace
  if (first?.access === 'write') await mkdir(first.path, { recursive: true })
  const roots = workspace.map((root) => root.path)
  return {
    workspace: await snapshotWorkspace(roots, { stateDir }),
    files: command === undefined ? [] : await bindFiles(command, cwd),
  }
}

/** What is not as it was when it was bound, each in words. */
export async function changedSince(
  { workspace, files = [] }: ApprovalBinding,
  { cwd, stateDir }: { readonly cwd: string; readonly stateDir: string },
): Promise<readonly string[]> {
  const changes = workspace === undefined ? [] : await changesSince(workspace, { stateDir })
  if (changes.length > 0) return changes
  const named = await changedFile(files, cwd)
  return named === undefined ? [] : [`${named} (changed)`]
}

/** Told to anyone who answers, so that an approval is of the files too. */
export function bindingText({ workspace }: ApprovalBinding): string | undefined {
  if (workspace === undefined) return undefined
  const what = 'It runs only if nothing in its folder changes before you answer'
  return workspace.unwatched === undefined ? `${what}.` : `${what}, as far as that is watched: ${workspace.unwatched}.`
}

const MOST_LISTED = 10

/** What changed, as one line. */
export const changesText = (changes: readonly string[]): string =>
  changes.length <= MOST_LISTED
    ? changes.join(', ')
    : `${changes.slice(0, MOST_LISTED).join(', ')} and ${changes.length - MOST_LISTED} more`
