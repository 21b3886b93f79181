# Work of a child on an emulated PC.
dmesg
echo "processors: $(nproc)"
grep -E 'timer|ttyS|serial|acpi|rtc' /proc/interrupts
cat /sys/devices/system/clocksource/clocksource0/current_clocksource
