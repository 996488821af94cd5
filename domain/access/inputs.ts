import { z } from "zod";
import { idSchema, ProjectId, Slug, TeamId } from "../shared/ids.ts";
import { PERMISSION_NAMES } from "./permissions.ts";
import { ROLE_NAMES, SCOPE_TYPES } from "./roles.ts";
import { TOKEN_DAYS_DEFAULT, TOKEN_DAYS_MAX } from "./token-format.ts";

// The same schemas check the forms and the procedures.

const name = (what: string, max = 80) =>
  z
    .string()
    .trim()
    .min(1, `Give ${what} a name.`)
    .max(max, `At most ${max} characters.`)
    .refine((text) => !/\p{Cc}/u.test(text), "Control characters are not allowed.");

export const Email = z.string().trim().toLowerCase().max(254).pipe(z.email("Expected an e-mail address such as ada@example.com."));
export const Password = z.string().min(10, "At least 10 characters.").max(256, "At most 256 characters.");
export const PersonName = name("yourself");
export const OrgName = name("the organization");
/** Secret of a setup link or invitation, as it stands in the URL. */
export const LinkToken = z.string().min(1).max(200);

export const SetupToken = z.strictObject({ token: LinkToken });
export const CompleteSetup = z.strictObject({ token: LinkToken, name: PersonName, email: Email, password: Password, orgName: OrgName });
export type CompleteSetup = z.infer<typeof CompleteSetup>;

export const Invite = z.strictObject({ email: Email, role: z.enum(ROLE_NAMES), scopeType: z.enum(SCOPE_TYPES), scopeId: z.string().min(1).max(80) });
export type Invite = z.infer<typeof Invite>;
export const AcceptInvitation = z.strictObject({ token: LinkToken, name: PersonName.optional(), password: Password.optional() });
export type AcceptInvitation = z.infer<typeof AcceptInvitation>;
export const InvitationRef = z.strictObject({ id: idSchema("invitation") });

export const PrincipalId = z.union([idSchema("user"), idSchema("serviceAccount")], "Expected the id of a person or service account.");
export const GrantRole = z.strictObject({ principalId: PrincipalId, role: z.enum(ROLE_NAMES), scopeType: z.enum(SCOPE_TYPES), scopeId: z.string().min(1).max(80) });
export type GrantRole = z.infer<typeof GrantRole>;
export const BindingRef = z.strictObject({ id: idSchema("binding") });
export const MemberRef = z.strictObject({ userId: idSchema("user") });

export const CreateTeam = z.strictObject({ name: name("the team"), slug: Slug.optional() });
export type CreateTeam = z.infer<typeof CreateTeam>;
export const UpdateTeam = z.strictObject({ id: TeamId, name: name("the team") });
export type UpdateTeam = z.infer<typeof UpdateTeam>;
export const CreateProject = z.strictObject({ teamId: TeamId, name: name("the project"), slug: Slug.optional() });
export type CreateProject = z.infer<typeof CreateProject>;
export const UpdateProject = z.strictObject({ id: ProjectId, name: name("the project") });
export type UpdateProject = z.infer<typeof UpdateProject>;
const SecretName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "Use letters, digits and underscores, not starting with a digit.").max(256).refine((name) => !name.startsWith("DROVER_"), "Names that begin with DROVER_ are Drover's own.");
export const ListSecrets = z.strictObject({ projectId: ProjectId });
export type ListSecrets = z.infer<typeof ListSecrets>;
/** Not shorter than 8: anything less would blacken half of a log that it is looked for in. */
export const SetSecret = z.strictObject({
  projectId: ProjectId,
  name: SecretName,
  value: z.string().min(8, "Use at least 8 characters: shorter ones cannot be kept out of logs.").max(16_384, "Use at most 16,384 characters.").refine((value) => !value.includes("\0"), "Must not contain a NUL byte.").refine((value) => value.trim() !== "", "It is blank."),
});
export type SetSecret = z.infer<typeof SetSecret>;
export const DeleteSecret = z.strictObject({ projectId: ProjectId, name: SecretName });
export type DeleteSecret = z.infer<typeof DeleteSecret>;
export const MoveProject = z.strictObject({ id: ProjectId, teamId: TeamId });
export type MoveProject = z.infer<typeof MoveProject>;
export const ArchiveProject = z.strictObject({ id: ProjectId, archived: z.boolean() });
export type ArchiveProject = z.infer<typeof ArchiveProject>;
export const ArchiveTeam = z.strictObject({ id: TeamId, archived: z.boolean() });
export type ArchiveTeam = z.infer<typeof ArchiveTeam>;
export const UpdateOrg = z.strictObject({ name: OrgName });
export type UpdateOrg = z.infer<typeof UpdateOrg>;

export const CreateServiceAccount = z.strictObject({ projectId: ProjectId, name: name("the service account", 60), role: z.enum(ROLE_NAMES) });
export type CreateServiceAccount = z.infer<typeof CreateServiceAccount>;
export const ServiceAccountRef = z.strictObject({ id: idSchema("serviceAccount") });

const tokenFields = {
  name: name("the token", 60),
  permissions: z.array(z.enum(PERMISSION_NAMES)).min(1, "Choose at least one permission.").max(PERMISSION_NAMES.length),
  expiresInDays: z.int("Expected whole days.").min(1, "At least one day.").max(TOKEN_DAYS_MAX, `At most ${TOKEN_DAYS_MAX} days.`).default(TOKEN_DAYS_DEFAULT),
};
export const CreateMyToken = z.strictObject({ ...tokenFields, projectId: ProjectId.nullable().default(null) });
export type CreateMyToken = z.infer<typeof CreateMyToken>;
export const CreateToken = z.strictObject({ ...tokenFields, serviceAccountId: idSchema("serviceAccount") });
export type CreateToken = z.infer<typeof CreateToken>;
export const TokenRef = z.strictObject({ id: idSchema("token") });

export const UpdateProfile = z.strictObject({ name: PersonName });
export type UpdateProfile = z.infer<typeof UpdateProfile>;
export const ChangePassword = z.strictObject({ current: z.string().min(1, "Enter your current password.").max(256), next: Password });
export type ChangePassword = z.infer<typeof ChangePassword>;

// Lists are not strict: an endless list in the browser also sends the direction that it reads in.
const cursor = { cursor: z.string().max(200).optional(), limit: z.int().min(1).max(200).default(50) };
export const ListPeople = z.object({ ...cursor, text: z.string().trim().max(100).optional() });
export type ListPeople = z.infer<typeof ListPeople>;
/** Teams by their name or that of a project in them, so many at once. */
export const ListTeams = z.object({ text: z.string().trim().max(100).optional(), limit: z.int().min(1).max(2000).default(1000) });
export type ListTeams = z.infer<typeof ListTeams>;
export const ListPage = z.object(cursor);
export type ListPage = z.infer<typeof ListPage>;
/** `action`: one action (`run.cancel`) or all of an object (`run`). `from` included, `to` not. */
export const ListAudit = z.object({
  ...cursor,
  actorId: z.string().max(80).optional(),
  action: z.string().regex(/^[a-z-]+(\.[a-z-]+)?$/, "Expected an action such as run.cancel, or its first word.").max(80).optional(),
  targetId: z.string().max(200).optional(),
  from: z.date().optional(),
  to: z.date().optional(),
});
export const AuditRef = z.strictObject({ id: idSchema("audit") });
export type ListAudit = z.infer<typeof ListAudit>;
