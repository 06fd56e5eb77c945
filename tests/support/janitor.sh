#!/bin/bash
# Cleans up after a test process, however that ends: see janitor.hpp.  Reads "VERB WHAT" lines; at the end of
# the input (the test process is gone) kills what still runs and removes what still lies there.
trap '' HUP INT TERM QUIT PIPE
declare -A processes directories
while read -r verb what; do
    case $verb in
        process) processes[$what]=1 ;;
        reaped) unset "processes[$what]" ;;
        directory) directories[$what]=1 ;;
        removed) unset "directories[$what]" ;;
    esac
done

victims=()
for pid in "${!processes[@]}"; do
    kill -STOP "$pid" 2>/dev/null || continue # a stopped postmaster starts no more children
    victims+=("$pid" $(pgrep -P "$pid"))
done
[[ ${#victims[@]} -eq 0 ]] || kill -KILL "${victims[@]}" 2>/dev/null

for directory in "${!directories[@]}"; do
    if [[ -f $directory/data/postmaster.pid ]]; then
        read -r _ segment < <(sed -n 7p "$directory/data/postmaster.pid")
        [[ -z $segment ]] || ipcrm -m "$segment" 2>/dev/null
    fi
    for _ in 1 2 3 4 5; do # a dying process may still create a file
        rm -rf -- "$directory" 2>/dev/null && break
        sleep 0.2
    done
done
