import { registerHooks } from "node:module";

// TypeScript 7 has no JavaScript API, so a tool that parses with the package `typescript` finds nothing and reports that all
// is well. It gets TypeScript 6 instead, installed beside it under another name.
registerHooks({
  resolve: (specifier, context, next) => next(specifier === "typescript" || specifier.startsWith("typescript/") ? specifier.replace("typescript", "typescript-6") : specifier, context),
});
