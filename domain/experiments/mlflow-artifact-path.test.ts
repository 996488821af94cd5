import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { artifactPlace, modelArtifactUri, placeOfUri } from "./mlflow-artifact-path.ts";
import { artifactUri } from "./mlflow-words.ts";

const RUN = "run_01920000-0000-7000-8000-00000000000a";
const MODEL = `m-${"a".repeat(32)}`;

describe("a path of the artifact proxy", () => {
  it.each([
    [`exp_1/${RUN}/artifacts`, { kind: "run", id: RUN, path: "" }],
    [`exp_1/${RUN}/artifacts/`, { kind: "run", id: RUN, path: "" }],
    [`exp_1/${RUN}/artifacts/a/b.txt`, { kind: "run", id: RUN, path: "a/b.txt" }],
    [`team/place/${RUN}/artifacts/a`, { kind: "run", id: RUN, path: "a" }],
    [`exp_1/models/${MODEL}/artifacts/MLmodel`, { kind: "model", id: MODEL, path: "MLmodel" }],
    [`exp_1/${RUN}/artifacts/artifacts/x`, { kind: "run", id: RUN, path: "artifacts/x" }],
    [`exp_1/${RUN}/artifacts/models/${MODEL}/artifacts/x`, { kind: "run", id: RUN, path: `models/${MODEL}/artifacts/x` }],
    ["exp_1", null],
    ["", null],
    ["exp_1/run_1/artifacts/x", null],
    [`exp_1/${RUN}/files/x`, null],
  ])("%s is read", (text, place) => expect(artifactPlace(text)).toEqual(place));

  it.each(["artifacts/../x", "artifacts/a/./b", "artifacts//etc/passwd", "artifacts/a\\b", "artifacts/a\u0000", "../../etc/passwd", `artifacts/${"x".repeat(1025)}`])("%j is refused with words", (path) => {
    expect(typeof artifactPlace(`exp_1/${RUN}/${path}`)).toBe("string");
  });

  it("never names a path that climbs", () => {
    fc.assert(fc.property(fc.array(fc.constantFrom("..", ".", "", "a", "artifacts", "models", RUN, MODEL, "\\", "b c"), { maxLength: 8 }), (parts) => {
      const place = artifactPlace(parts.join("/"));
      if (place === null || typeof place === "string" || place.path === "") return;
      for (const part of place.path.split("/")) expect(["..", ".", ""]).not.toContain(part);
    }));
  });

  it("is found again in the URI that clients are told, with a host or without", () => {
    expect(placeOfUri(`${artifactUri("exp_1", RUN)}/model`)).toEqual({ kind: "run", id: RUN, path: "model" });
    expect(placeOfUri(modelArtifactUri("exp_1", MODEL))).toEqual({ kind: "model", id: MODEL, path: "" });
    expect(placeOfUri(`mlflow-artifacts://host:5000/api/2.0/mlflow-artifacts/artifacts/exp_1/${RUN}/artifacts/x`)).toMatchObject({ path: "x" });
    expect(placeOfUri("s3://bucket/x")).toBeNull();
  });
});
