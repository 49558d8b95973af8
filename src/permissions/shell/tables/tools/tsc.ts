// tsc: checks and compiles the project of the folder.

import type { ToolTable } from '../table.ts'

export const tsc = (): ToolTable => ({
  tools: ['tsc'],
  about: 'Checks and compiles the project as its tsconfig.json says.',
  style: 'separate',
  forms: [
    {
      why: 'checks or compiles the project',
      options: [
        {
          names: `--noEmit --strict --pretty --skipLibCheck --listFiles --listFilesOnly --showConfig --allowJs --checkJs --esModuleInterop --resolveJsonModule
            --noImplicitAny --noUnusedLocals --noUnusedParameters --noFallthroughCasesInSwitch --noUncheckedIndexedAccess --exactOptionalPropertyTypes
            --isolatedModules --verbatimModuleSyntax --erasableSyntaxOnly --diagnostics --extendedDiagnostics --traceResolution --explainFiles --incremental
            -v --version -h --help --all --noErrorTruncation --force --verbose --dry --emitDeclarationOnly --declaration -d`,
          why: 'what is checked',
        },
        { names: '-b --build', why: 'builds projects that refer to each other' },
        { names: '-p --project', value: 'read', why: 'which project' },
        { names: '-t --target -m --module --moduleResolution --jsx --lib', value: 'process-list', why: 'for which machine' },
      ],
      operands: 'read*',
      dashes: 'none',
      runsProject: true,
    },
  ],
  asks: [
    {
      what: '--outDir, --outFile, --rootDir, --declarationDir, --tsBuildInfoFile, --generateTrace, --generateCpuProfile, --init',
      why: 'writes files in another place',
    },
    { what: '-w, --watch, --plugins', why: 'never ends, or loads code' },
  ],
})
