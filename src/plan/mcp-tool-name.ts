// The name an agent has a tool of an MCP server by.

const JOINT = '__'

export const mcpToolName = (server: string, tool: string): string => `${server}${JOINT}${tool}`
