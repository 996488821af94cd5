import type { Names } from "../experiments/filter/ast.ts";

/** What a search of registered models, of versions and of logged models may name, in the grammar of runs. */

export const MODEL_NAMES: Names = { attributes: { name: "text" }, aliases: {}, entities: ["attributes", "tags"] };

export const VERSION_NAMES: Names = {
  attributes: { name: "text", run_id: "text", source_path: "text", version_number: "number" },
  aliases: { version: "version_number" },
  entities: ["attributes", "tags"],
  numerals: ["version_number"],
};

export const LOGGED_MODEL_NAMES: Names = {
  attributes: { name: "text", model_type: "text", status: "text", source_run_id: "text", model_id: "text", experiment_id: "text", creation_timestamp: "moment", last_updated_timestamp: "moment" },
  aliases: { creation_time: "creation_timestamp", creation_timestamp_ms: "creation_timestamp", last_updated_time: "last_updated_timestamp", last_updated_timestamp_ms: "last_updated_timestamp" },
  entities: ["attributes", "metrics", "params", "tags"],
};
