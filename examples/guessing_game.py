secret = 37

for attempt in range(1, 7):
    try:
        guess = int(input("Take a guess: "))
    except ValueError:
        print("That is not a whole number.")
        continue
    if guess < secret:
        print("Too low.")
    elif guess > secret:
        print("Too high.")
    else:
        print(f"Right! It took you {attempt} guesses.")
        break
else:
    print(f"Out of guesses. It was {secret}.")
