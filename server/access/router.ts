import {
  AcceptInvitation, ArchiveProject, ArchiveTeam, AuditRef, BindingRef, ChangePassword, CompleteSetup, CreateMyToken, CreateProject, CreateServiceAccount, CreateTeam, CreateToken, DeleteSecret, GrantRole, InvitationRef, Invite,
  ListAudit, ListPage, ListTeams, ListPeople, ListSecrets, MemberRef, MoveProject, ServiceAccountRef, SetSecret, SetupToken, TokenRef, UpdateOrg, UpdateProfile, UpdateProject, UpdateTeam,
} from "../../domain/access/inputs.ts";
import { env } from "../../env.ts";
import { openProcedure, procedure, router } from "../trpc/init.ts";
import { archiveProject, archiveTeam, moveProject } from "./commands/archive.ts";
import { acceptInvitation, invite, revokeInvitation } from "./commands/invitations.ts";
import { changePassword, updateProfile } from "./commands/profile.ts";
import { grantRole, removeMember, revokeRole } from "./commands/roles.ts";
import { deleteSecret, setSecret } from "./commands/secrets.ts";
import { completeSetup } from "./commands/setup.ts";
import { createMyToken, createServiceAccount, createToken, disableServiceAccount, revokeMyToken, revokeToken } from "./commands/tokens.ts";
import { createProject, createTeam, updateOrg, updateProject, updateTeam } from "./commands/tree.ts";
import { isSetupLinkLive } from "./queries.ts";
import { getAuditEntry, listAudit } from "./queries/audit-log.ts";
import { findInvitation, getMember, listInvitations, listPeople } from "./queries/people.ts";
import { listSecrets } from "./queries/secrets.ts";
import { listMyTokens, listServiceAccounts, listTokens } from "./queries/tokens.ts";
import { listGrantable, listTeams } from "./queries/tree.ts";
import { sha256 } from "./secrets.ts";
import { me, viewer } from "./viewer.ts";

export const accessRouter = router({
  /** Which release answers: command lines and other programs ask before anything else. */
  about: openProcedure("public").query(() => ({ version: env().DROVER_VERSION })),
  me: openProcedure("signed-in").query(({ ctx }) => me(ctx)),
  viewer: procedure("org:read").query(({ ctx }) => viewer(ctx)),
  setupState: openProcedure("public")
    .input(SetupToken)
    .query(async ({ ctx, input }) => ({ valid: await isSetupLinkLive(ctx.db, sha256(input.token)) })),
  completeSetup: openProcedure("public").input(CompleteSetup).mutation(({ ctx, input }) => completeSetup(ctx, input)),
  invitation: openProcedure("public").input(SetupToken).query(({ ctx, input }) => findInvitation(ctx.db, sha256(input.token))),
  acceptInvitation: openProcedure("public").input(AcceptInvitation).mutation(({ ctx, input }) => acceptInvitation(ctx, input)),
  updateProfile: openProcedure("signed-in").input(UpdateProfile).mutation(({ ctx, input }) => updateProfile(ctx, input)),
  changePassword: openProcedure("signed-in").input(ChangePassword).mutation(({ ctx, input }) => changePassword(ctx, input)),

  people: procedure("members:read").input(ListPeople).query(({ ctx, input }) => listPeople(ctx, input)),
  member: procedure("members:read").input(MemberRef).query(({ ctx, input }) => getMember(ctx, input.userId)),
  grantable: procedure("members:read").query(({ ctx }) => listGrantable(ctx.db, ctx)),
  invitations: procedure("members:manage").input(ListPage).query(({ ctx, input }) => listInvitations(ctx, input)),
  invite: procedure("members:manage").input(Invite).mutation(({ ctx, input }) => invite(ctx, input)),
  revokeInvitation: procedure("members:manage").input(InvitationRef).mutation(({ ctx, input }) => revokeInvitation(ctx, input)),
  grantRole: procedure("members:manage").input(GrantRole).mutation(({ ctx, input }) => grantRole(ctx, input)),
  revokeRole: procedure("members:manage").input(BindingRef).mutation(({ ctx, input }) => revokeRole(ctx, input)),
  removeMember: procedure("members:manage").input(MemberRef).mutation(({ ctx, input }) => removeMember(ctx, input)),

  teams: procedure("members:read").input(ListTeams.prefault({})).query(({ ctx, input }) => listTeams(ctx.db, ctx.orgId, ctx.grantFor("projects:read"), input)),
  createTeam: procedure("teams:manage").input(CreateTeam).mutation(({ ctx, input }) => createTeam(ctx, input)),
  archiveTeam: procedure("teams:manage").input(ArchiveTeam).mutation(({ ctx, input }) => archiveTeam(ctx, input)),
  moveProject: procedure("projects:manage").input(MoveProject).mutation(({ ctx, input }) => moveProject(ctx, input)),
  archiveProject: procedure("projects:manage").input(ArchiveProject).mutation(({ ctx, input }) => archiveProject(ctx, input)),
  updateTeam: procedure("teams:manage").input(UpdateTeam).mutation(({ ctx, input }) => updateTeam(ctx, input)),
  createProject: procedure("projects:manage").input(CreateProject).mutation(({ ctx, input }) => createProject(ctx, input)),
  updateProject: procedure("projects:manage").input(UpdateProject).mutation(({ ctx, input }) => updateProject(ctx, input)),
  updateOrg: procedure("org:manage").input(UpdateOrg).mutation(({ ctx, input }) => updateOrg(ctx, input)),

  secrets: procedure("projects:read").input(ListSecrets).query(({ ctx, input }) => listSecrets(ctx, input)),
  setSecret: procedure("secrets:manage").input(SetSecret).mutation(({ ctx, input }) => setSecret(ctx, input)),
  deleteSecret: procedure("secrets:manage").input(DeleteSecret).mutation(({ ctx, input }) => deleteSecret(ctx, input)),

  myTokens: procedure("org:read").input(ListPage).query(({ ctx, input }) => listMyTokens(ctx, input)),
  createMyToken: procedure("org:read").input(CreateMyToken).mutation(({ ctx, input }) => createMyToken(ctx, input)),
  revokeMyToken: procedure("org:read").input(TokenRef).mutation(({ ctx, input }) => revokeMyToken(ctx, input)),
  tokens: procedure("tokens:manage").input(ListPage).query(({ ctx, input }) => listTokens(ctx, input)),
  createToken: procedure("tokens:manage").input(CreateToken).mutation(({ ctx, input }) => createToken(ctx, input)),
  revokeToken: procedure("tokens:manage").input(TokenRef).mutation(({ ctx, input }) => revokeToken(ctx, input)),
  serviceAccounts: procedure("tokens:manage").input(ListPage).query(({ ctx, input }) => listServiceAccounts(ctx, input)),
  createServiceAccount: procedure("tokens:manage").input(CreateServiceAccount).mutation(({ ctx, input }) => createServiceAccount(ctx, input)),
  disableServiceAccount: procedure("tokens:manage").input(ServiceAccountRef).mutation(({ ctx, input }) => disableServiceAccount(ctx, input)),

  auditLog: procedure("audit:read").input(ListAudit).query(({ ctx, input }) => listAudit(ctx, input)),
  auditEntry: procedure("audit:read").input(AuditRef).query(({ ctx, input }) => getAuditEntry(ctx, input.id)),
});
