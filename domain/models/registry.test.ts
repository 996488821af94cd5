import { describe, expect, it } from "vitest";
import { aliasProblem, modelNameProblem, readSource, stageOf, tagKeyProblem, versionNumber } from "./registry.ts";

describe("the registry's names", () => {
  it.each(["digits", "My model 2", "a.b-c_d", "模型"])("%s names a model", (name) => expect(modelNameProblem(name)).toBeNull());
  it.each(["", "  ", "a/b", "a:b", "x".repeat(257)])("%j does not", (name) => expect(modelNameProblem(name)).not.toBeNull());
  it.each(["champion", "prod-2", "a_b", "défi", "冠军"])("%s is an alias", (alias) => expect(aliasProblem(alias)).toBeNull());
  it.each(["", "latest", "LATEST", "v12", "V1", "a b", "a/b", "🎉", "x".repeat(256)])("%j is none", (alias) => expect(aliasProblem(alias)).not.toBeNull());
  it.each([["production", "Production"], ["NONE", "None"], [" Staging ", "Staging"], ["live", null]])("%j is the stage %s", (text, stage) => expect(stageOf(text)).toBe(stage));
  it.each([["1", 1], ["042", 42], ["0", null], ["-1", null], ["1.5", null], ["x", null], ["9999999999", null]])("%j is version %s", (text, version) => expect(versionNumber(text)).toBe(version));
  it("a tag's key is short and plain", () => {
    for (const key of ["mlflow.modelVersions", "équipe", "データ"]) expect(tagKeyProblem(key)).toBeNull();
    for (const key of ["", "🎉", "a\n", "x".repeat(251)]) expect(tagKeyProblem(key)).not.toBeNull();
  });
});

describe("a source", () => {
  const id = `m-${"a".repeat(32)}`;
  it.each([
    [`models:/${id}`, { kind: "logged", modelId: id }],
    ["models:/digits/3", { kind: "version", name: "digits", version: 3 }],
    ["models:/a%20b/3", { kind: "version", name: "a b", version: 3 }],
    ["models:/100%/3", { kind: "version", name: "100%", version: 3 }],
    ["models:/digits@champion", { kind: "alias", name: "digits", alias: "champion" }],
    ["models:/digits/latest", { kind: "alias", name: "digits", alias: "latest" }],
    ["models:/digits/production", { kind: "stage", name: "digits", stage: "Production" }],
    ["mlflow-artifacts:/exp/run/artifacts/model", { kind: "uri", uri: "mlflow-artifacts:/exp/run/artifacts/model" }],
    ["s3://bucket/model", { kind: "uri", uri: "s3://bucket/model" }],
    ["runs:/abc/model", { kind: "uri", uri: "runs:/abc/model" }],
  ])("%s is read", (text, source) => expect(readSource(text)).toEqual(source));
  it.each(["models:/digits", "models:/digits/", "models:/digits/live", "models:/@champion", "models:/digits/3/weights", "file:///etc/passwd", "/etc/passwd", "model", "s3://bucket/../other", "https://x/%2e%2e/y", `s3://${"x".repeat(500)}`])("%s is refused with words", (text) => expect(typeof readSource(text)).toBe("string"));
});
