// An MCP server is reached in one way, its name fits into the names of its tools, and agents that name it can have its tools.

import type { Diagnostic } from '../../errors.ts'
import { mapAt, textAt } from '../document.ts'
import type { Check } from './check.ts'

/** As every model service takes it in front of `__TOOL`. */
const NAME = /^[A-Za-z][A-Za-z0-9-]*(?:_[A-Za-z0-9-]+)*$/

export const checkMcpServers: Check = ({ doc, registry }) => {
  const servers = mapAt(doc.value, 'mcpServers')
  const accepted = new Set(registry.tools.flatMap(({ mcpServer }) => mcpServer ?? []))
  return Object.keys(servers).flatMap((name): readonly Diagnostic[] => {
    const server = mapAt(servers[name])
    const path = ['mcpServers', name]
    const [command, url] = [textAt(server, 'command'), textAt(server, 'url')]
    const problems: Diagnostic[] = []
    if (!NAME.test(name)) {
      const hint = 'Letters, digits, dashes and single underscores, a letter first: its tools are called NAME__TOOL.'
      problems.push(doc.problem('CLAW301', `An MCP server cannot be called "${name}".`, path, { spot: 'key', hint }))
    }
    if (command === undefined && url === undefined) {
      const hint = 'Write `command: npx` with its `args`, or `url: https://…`.'
      problems.push(
        doc.problem('CLAW102', `The MCP server ${name} has neither \`command\` nor \`url\`.`, path, { spot: 'key', hint }),
      )
    } else if (command !== undefined && url !== undefined) {
      const message = `The MCP server ${name} has both \`command\` and \`url\`.`
      problems.push(doc.problem('CLAW104', message, [...path, 'url'], { spot: 'key', hint: 'Leave one of them out.' }))
    }
    const [misplaced] = (command === undefined ? ['args', 'env'] : ['headers', 'auth']).filter((key) => server[key] !== undefined)
    if (misplaced !== undefined && (command === undefined) !== (url === undefined)) {
      const message = `\`${misplaced}\` means nothing to a server with \`${command === undefined ? 'url' : 'command'}\`.`
      problems.push(doc.problem('CLAW104', message, [...path, misplaced], { spot: 'key', hint: 'Leave it out.' }))
    }
    if (!accepted.has(name)) {
      const hint = `See what it offers and accept it: claw mcp accept ${name}`
      problems.push(
        doc.problem('CLAW412', `No tool of the MCP server ${name} is accepted, so none is offered.`, path, { spot: 'key', hint }),
      )
    }
    return problems
  })
}
