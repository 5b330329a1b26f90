# shellcheck shell=sh
# Reads and checks the inputs of the action, from the environment; sourced after common.sh.
# Sets labs, cryptos, runtime and host. Whatever is not of the expected form ends the step with exit code 2.

labs=${OFFNET_LABS-}
runtime=${OFFNET_RUNTIME:-netns}
host=${OFFNET_HOST-}

case $runtime in
netns | containerlab) ;;
*) refuse "the input runtime is netns or containerlab" ;;
esac
case $host in
'' | local | sandbox) ;;
*) refuse "the input host is local, sandbox, or empty" ;;
esac
# shellcheck disable=SC2034 # read by check.sh
case ${OFFNET_CRYPTO-} in
'') cryptos=default ;;
as-printed | modern) cryptos=$OFFNET_CRYPTO ;;
both) cryptos='as-printed modern' ;;
*) refuse "the input crypto is as-printed, modern, both, or empty" ;;
esac

# A name or a path: with no leading dash it is no option, with these characters it is one word.
set -f
for lab in $labs; do
    case $lab in
    -* | *[!A-Za-z0-9._/-]*) refuse "the input labs holds names in labs/, or paths, and nothing else" ;;
    esac
done
set +f

if [ "$labs" = all ]; then
    labs=$(ask labs)
fi
