// `workspace` of an agent → the folders its tools work in, and what is wrong with them.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Diagnostic } from '../../errors.ts'
import { findEngineFileAround, workspacesIn } from '../../permissions/engine-files.ts'
import type { Plan, WorkspaceRoot } from '../../plan/plan.ts'
import type { ConfigDocument } from '../document.ts'
import type { NamedFiles } from '../files.ts'
import type { Agent } from '../generated/config.ts'
import type { Path } from '../shape.ts'

interface Input {
  readonly doc: ConfigDocument
  readonly files: NamedFiles
  readonly stateDir: string
}

export function workspaceOf(value: Agent['workspace'], path: Path, id: string, input: Input): readonly WorkspaceRoot[] {
  const root = (text: string, access: WorkspaceRoot['access'] = 'write'): WorkspaceRoot => ({
    path: input.files.resolve(text, path),
    access,
  })
  if (value === undefined) return [{ path: ownFolder(id, input), access: 'write' }]
  if (typeof value === 'string') return [root(value)]
  return value.map((one) => (typeof one === 'string' ? root(one) : root(one.path, one.access)))
}

/** `workspace/<agentId>` beside the root file. A folder of an earlier version in the state folder stays in use. */
function ownFolder(id: string, { doc, stateDir }: Input): string {
  const former = join(workspacesIn(stateDir), id)
  return existsSync(former) ? former : join(dirname(doc.file), 'workspace', id)
}

/** Workspaces where every file is the engine's, so that no tool could do anything. */
export function lostWorkspaces(
  plan: Pick<Plan, 'file' | 'sources' | 'includePatterns' | 'stateDir' | 'plugins' | 'agents'>,
  doc: ConfigDocument,
): readonly Diagnostic[] {
  const around = findEngineFileAround(plan)
  return [...plan.agents.values()].flatMap((agent) =>
    agent.workspace.flatMap((root) => {
      const own = around(root.path)
      if (own === undefined) return []
      const message = `The workspace ${root.path} of ${agent.id} lies in ${own}, which belongs to the engine.`
      const hint = 'Name another folder, or leave `workspace` out.'
      return [doc.problem('CLAW409', message, ['agents', agent.id, 'workspace'], { hint })]
    }),
  )
}
