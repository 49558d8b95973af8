declare module 'mvdan-sh' {
  interface Parser {
    Parse(text: string, name: string): unknown
  }
  const sh: {
    readonly syntax: {
      NewParser(...options: unknown[]): Parser
      KeepComments(keep: boolean): unknown
      Walk<Node>(node: Node, visit: (node: Node | null) => boolean): void
      NodeType(node: unknown): string
    }
  }
  export default sh
}
