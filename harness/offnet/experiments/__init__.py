"""What a proof does to a running lab, and what it then sees; judging is for the checks."""
