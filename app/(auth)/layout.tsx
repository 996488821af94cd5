import { AuthFrame } from "../../components/access/auth-frame.tsx";

export default function AuthLayout({ children }: { children: React.ReactNode }) {
  return <AuthFrame>{children}</AuthFrame>;
}
