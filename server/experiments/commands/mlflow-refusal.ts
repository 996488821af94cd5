import { DomainError } from "../../../domain/shared/errors.ts";

/** A write that MLflow's rules forbid, in its own words. */
export class MlflowRefusal extends DomainError {
  constructor(message: string) {
    super("invalid", message);
    this.name = "MlflowRefusal";
  }
}
